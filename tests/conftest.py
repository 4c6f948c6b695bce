"""Fixtures of all tests: the real data, a small data set that renders quickly, and processes to be killed."""

import ctypes
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from severstal.competition.rle import encode

ROOT = Path(__file__).parents[1]

TINY_RECIPE = """
description = "As small as a recipe can be."

[data]
folds = 2
train_folds = 2
scale = 2

[model]
architecture = "unet"
encoder_name = "tu-mobilenetv3_small_050"
encoder_weights = "none"
options = {decoder_channels = [16, 16, 8, 8, 8]}

[augment]
crop = [64, 64]

[training]
epochs = 2
epoch_images = 48
batch_size = 4
learning_rate = 1e-2

[inference]
flips = ["none", "horizontal"]
"""

# Files opened, renamed or removed below the test's folder are counted from `arm()` on; a moment after one of
# them the process kills itself. Counted in work done, not in seconds, so that a busy machine changes nothing.
KILLER = """
import atexit, os, signal, sys, threading

def arm():
    within, last = os.environ["KILL_WITHIN"], int(os.environ["KILL_AT"])
    pause, own, count = float(os.environ["KILL_PAUSE"]), os.getpid(), 0

    def touch(event, arguments):
        nonlocal count
        if event not in ("open", "os.rename", "os.remove") or os.getpid() != own:
            return
        if isinstance(arguments[0], str | os.PathLike) and os.path.abspath(arguments[0]).startswith(within):
            count += 1
            if count == last:
                threading.Timer(pause, os.kill, (own, signal.SIGKILL)).start()

    sys.addaudithook(touch)
    atexit.register(lambda: print(f"touched {count}"))
"""


@pytest.fixture(autouse=True)
def _progress_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Have `caplog` hold what a user is told at work, too."""
    caplog.set_level(logging.INFO, "severstal")


@pytest.fixture
def run_and_kill(tmp_path: Path) -> Callable[..., None]:
    """Run a script twice: as `whole` without a break, as `broken` killed at random moments before it ends.

    The script calls `arm()` where its work begins; its last argument is where that goes. `look` is called
    after each kill.
    """

    def run(
        script: str,
        *words: object,
        whole: object,
        broken: object,
        kills: int,
        pause: float = 0.03,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        def start(name: object, at: int = 0, pause: float = 0.0) -> subprocess.CompletedProcess[str]:
            switches = {"KILL_WITHIN": str(tmp_path), "KILL_AT": str(at), "KILL_PAUSE": str(pause)}
            command = [sys.executable, "-c", KILLER + script, *map(str, words), str(name)]
            environment = os.environ | {"OMP_NUM_THREADS": "1"} | switches
            return subprocess.run(command, env=environment, capture_output=True, text=True)

        unbroken = start(whole)
        assert unbroken.returncode == 0, unbroken.stderr
        left, rng = int(unbroken.stdout.split("touched ")[-1]), np.random.default_rng(0)
        for _ in range(kills):
            at = int(left * rng.uniform(0.1, 0.6))
            killed = start(broken, max(at, 1), rng.uniform(0, pause))
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            look()
            left -= at  # what was not reached is still to be done, and more: none of the kills comes too late
        ended = start(broken)
        assert ended.returncode == 0, ended.stderr

    return run


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Have permissions hold as they do for everybody: the superuser gives up what exempts him from them."""
    if os.geteuid():
        yield
        return
    # capabilities(7): version 3, of this thread; two triples of effective, permitted and inheritable bits.
    libc, header = ctypes.CDLL(None, use_errno=True), (ctypes.c_uint32 * 2)(0x20080522, 0)
    before, without = (ctypes.c_uint32 * 6)(), (ctypes.c_uint32 * 6)()
    if not hasattr(libc, "capset") or libc.capget(header, before):
        pytest.skip("the superuser may read and write everywhere, and has no capabilities to give up here")
    without[:] = before[:]
    without[0] &= ~(1 << 1 | 1 << 2 | 1 << 3)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
    assert not libc.capset(header, without), os.strerror(ctypes.get_errno())
    yield
    assert not libc.capset(header, before), os.strerror(ctypes.get_errno())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest test first, so that no core waits for another with it at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/test_notebooks.py"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data beside the checkout; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data is not at {folder}")
    return folder


@pytest.fixture
def small_input(tmp_path: Path) -> Path:
    """An input folder in Kaggle's layout: 64 x 96 pictures, two classes, 18 + 4 images, truth included."""
    return draw_small_input(tmp_path / "small")


@pytest.fixture
def tiny_recipe(tmp_path: Path) -> Path:
    """The recipe file that trains two folds in a few seconds."""
    path = tmp_path / "tiny.toml"
    path.write_text(TINY_RECIPE)
    return path


@pytest.fixture(scope="session")
def finished_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `tiny.toml` was run on `small`, once for all tests that only look at what a run leaves."""
    from severstal import pipeline  # torch and all networks, which most tests do without

    folder = tmp_path_factory.mktemp("finished")
    (folder / "tiny.toml").write_text(TINY_RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        pipeline.run("tiny.toml", draw_small_input(folder / "small"))
    return folder


@pytest.fixture(scope="session")
def copy_finished(finished_folder: Path) -> Callable[[Path], Path]:
    """Copy the finished folder into an empty one, for a test that writes there; gives that folder."""

    def copy(folder: Path) -> Path:
        shutil.copytree(finished_folder, folder, dirs_exist_ok=True)
        about = folder / "runs/tiny-small/input.json"
        about.write_text(about.read_text().replace(str(finished_folder), str(folder)))
        return folder

    return copy


def draw_small_input(folder: Path, images: int = 18, test_images: int = 4) -> Path:
    """Grey noise; a bright bar is class 1, a dark one class 2; every third picture is clean."""
    folder.mkdir()
    (folder / "dataset.toml").write_text(
        'name = "small"\nimage_shape = [64, 96]\nclasses = ["bright", "dark"]\n'
    )
    rng = np.random.default_rng(0)
    for split, count, table in (
        ("train", images, "train.csv"),
        ("test", test_images, "test_labels.csv"),
    ):
        (folder / f"{split}_images").mkdir()
        rows = []
        for index in range(count):
            name = f"{split}{index:02d}.png"
            picture = rng.integers(80, 120, (64, 96)).astype(np.uint8)
            if index % 3:
                top, left = rng.integers(0, 40), rng.integers(0, 60)
                mask = np.zeros((64, 96), bool)
                mask[top : top + 20, left : left + 30] = True
                picture[mask] = 230 if index % 3 == 1 else 10
                rows.append((name, index % 3, encode(mask)))
            cv2.imwrite(str(folder / f"{split}_images" / name), picture)
        columns = ["ImageId", "ClassId", "EncodedPixels"]
        pd.DataFrame(rows, columns=columns).to_csv(folder / table, index=False)
    names = [f"test{index:02d}.png" for index in range(test_images)]
    sample = pd.DataFrame({"ImageId": names, "EncodedPixels": f"1 {64 * 96}", "ClassId": 0})
    sample.to_csv(folder / "sample_submission.csv", index=False)
    return folder
