"""Decoded once: what is kept, what is decoded again, and what a kill, a full disk or a second builder do."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from severstal.competition.shapes import Shapes
from severstal.competition.spec import Spec
from severstal.data import build
from severstal.data.build import open_pictures
from severstal.data.catalogue import CATALOGUE, Catalogue
from severstal.data.images import ImageStore, PictureFolder
from severstal.errors import SeverstalError
from severstal.files import exclusive_lock

SPEC = Spec("tiny", (24, 40), ("a", "b"))
NAMES = [f"{seed}.png" for seed in range(5)]


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, SPEC.image_shape, np.uint8)


def save(path: Path, seed: int, time: int = 0) -> None:
    Image.fromarray(picture(seed)).save(path)
    os.utime(path, ns=(time, time))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "train_images"
    folder.mkdir()
    for seed in range(5):
        save(folder / f"{seed}.png", seed)
    return folder


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the pictures that were decoded, as it goes on."""
    names, read = [], build.decode_picture
    monkeypatch.setattr(
        build, "decode_picture", lambda path, spec: names.append(path.name) or read(path, spec)
    )
    return names


def small_disk(monkeypatch: pytest.MonkeyPatch, free: int = 100) -> None:
    monkeypatch.setattr(build.shutil, "disk_usage", lambda _: type("", (), {"free": free}))


def test_the_store_holds_the_pictures_at_one_byte_a_pixel(folder: Path, tmp_path: Path) -> None:
    store = open_pictures(folder, NAMES[::-1], SPEC, tmp_path / "store")
    assert isinstance(store, ImageStore)
    assert store.names == NAMES[::-1]
    assert all(np.array_equal(store.picture(f"{seed}.png"), picture(seed)) for seed in range(5))
    pixels = Catalogue(tmp_path / "store", SPEC.image_shape).pixels
    assert pixels.stat().st_size == 5 * SPEC.pixels
    assert sum(path.stat().st_size for path in (tmp_path / "store").iterdir()) < 5 * (SPEC.pixels + 200)


def test_a_store_is_built_once(folder: Path, tmp_path: Path, decoded: list[str]) -> None:
    first = open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    assert sorted(decoded) == NAMES
    assert open_pictures(folder, NAMES, SPEC, tmp_path / "store").digest == first.digest
    assert len(decoded) == 5


def test_a_part_and_the_whole_share_what_is_decoded(folder: Path, tmp_path: Path, decoded: list[str]) -> None:
    part = open_pictures(folder, ["4.png", "1.png"], SPEC, tmp_path / "store")
    whole = open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    assert sorted(decoded) == NAMES
    again = open_pictures(folder, ["4.png", "1.png"], SPEC, tmp_path / "store")
    assert len(decoded) == 5
    assert part.digest == again.digest != whole.digest
    assert all(np.array_equal(whole[seed], picture(seed)) for seed in range(5))
    assert np.array_equal(part[0], picture(4))
    exclusive_lock = open_pictures(
        folder, NAMES, SPEC, tmp_path / "elsewhere"
    )  # other rows, the same pictures
    assert exclusive_lock.digest == whole.digest


def test_a_changed_picture_alone_is_decoded_again(folder: Path, tmp_path: Path, decoded: list[str]) -> None:
    first = open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    save(folder / "3.png", 9, time=1)
    decoded.clear()
    second = open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    assert decoded == ["3.png"]
    assert np.array_equal(second[3], picture(9))
    assert np.array_equal(first[3], picture(3))  # who has it open keeps what it opened
    assert first.digest != second.digest


def test_a_touched_picture_takes_no_second_row(folder: Path, tmp_path: Path, decoded: list[str]) -> None:
    first = open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    os.utime(folder / "3.png", ns=(1, 1))
    assert open_pictures(folder, NAMES, SPEC, tmp_path / "store").digest == first.digest
    assert len(decoded) == 6
    assert Catalogue(tmp_path / "store", SPEC.image_shape).rows == 5


def test_pictures_of_the_past_do_not_fill_the_disk(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = open_pictures(folder, NAMES, SPEC, store)
    for seed in range(5):  # another data set under the same path
        (folder / f"{seed}.png").unlink()
        save(folder / f"{seed + 5}.png", seed + 5)
    second = open_pictures(folder, [f"{seed}.png" for seed in range(5, 10)], SPEC, store)
    assert all(np.array_equal(second[seed], picture(seed + 5)) for seed in range(5))
    assert sum(path.stat().st_size for path in store.glob("*.u8")) == 5 * SPEC.pixels
    assert np.array_equal(first[0], picture(0))


def test_another_shape_starts_again(folder: Path, tmp_path: Path) -> None:
    open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    with pytest.raises(SeverstalError, match="the picture is 24 x 40; this data set is 40 x 24"):
        open_pictures(folder, NAMES, Spec("tiny", (40, 24), ("a",)), tmp_path / "store")
    assert np.array_equal(open_pictures(folder, NAMES, SPEC, tmp_path / "store")[2], picture(2))


def test_a_bad_picture_is_named_and_costs_no_other(
    folder: Path, tmp_path: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "BLOCK", 2)
    (folder / "2.png").write_text("no picture")
    with pytest.raises(SeverstalError, match=r"2\.png: not a picture"):
        open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    save(folder / "2.png", 2)
    decoded.clear()
    store = open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    assert sorted(decoded) == NAMES[2:]
    assert all(np.array_equal(store[seed], picture(seed)) for seed in range(5))


def test_an_absent_picture_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SeverstalError, match=r"train_images/x\.png: no such picture: put it back or take"):
        open_pictures(folder, ["0.png", "x.png"], SPEC, tmp_path / "store")


def test_a_small_disk_is_reported_beforehand_and_the_files_are_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = open_pictures(folder, NAMES, SPEC, tmp_path / "large")
    small_disk(monkeypatch)
    read = open_pictures(folder, NAMES, SPEC, tmp_path / "small")
    (line,) = caplog.messages
    assert line.startswith(
        f"{tmp_path / 'small'}: the decoded pictures need 0.0 GB, the disk has 0.0 GB: reading"
    )
    assert isinstance(read, PictureFolder)
    assert read.digest == kept.digest  # so that no stage depends on which of the two was used
    assert all(np.array_equal(read[seed], kept[seed]) for seed in range(5))
    assert sum(path.stat().st_size for path in (tmp_path / "small").glob("*.u8")) == 0


def test_on_a_small_disk_each_picture_is_checked_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decoded: list[str]
) -> None:
    small_disk(monkeypatch)
    first = open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    assert open_pictures(folder, NAMES, SPEC, tmp_path / "store").digest == first.digest
    assert len(decoded) == 5
    small_disk(monkeypatch, free=5 * SPEC.pixels)  # room at last
    assert isinstance(open_pictures(folder, NAMES, SPEC, tmp_path / "store"), ImageStore)
    (folder / "1.png").write_text("no picture")
    small_disk(monkeypatch)
    with pytest.raises(SeverstalError, match=r"1\.png: not a picture"):
        open_pictures(folder, NAMES, SPEC, tmp_path / "store")


def test_a_whole_store_needs_no_disk(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    small_disk(monkeypatch, free=0)
    assert isinstance(open_pictures(folder, NAMES, SPEC, tmp_path / "store"), ImageStore)


def test_a_disk_that_fills_up_midway_is_one_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build, "_add", full)
    with pytest.raises(SeverstalError, match="the disk is full: free some space"):
        open_pictures(folder, NAMES, SPEC, tmp_path / "store")


@pytest.mark.parametrize("torn", ["a row without its line", "a line without its end", "a row too few"])
def test_a_torn_tail_is_seen(folder: Path, tmp_path: Path, decoded: list[str], torn: str) -> None:
    store = tmp_path / "store"
    open_pictures(folder, NAMES[:3], SPEC, store)
    pixels = Catalogue(store, SPEC.image_shape).pixels
    match torn:
        case "a row without its line":
            pixels.write_bytes(pixels.read_bytes() + b"\xff" * (SPEC.pixels - 7))
        case "a line without its end":
            (store / CATALOGUE).write_text((store / CATALOGUE).read_text() + '{"name": "3.png", "byt')
        case "a row too few":
            pixels.write_bytes(pixels.read_bytes()[:-7])
    decoded.clear()
    pictures = open_pictures(folder, NAMES, SPEC, store)
    assert sorted(decoded) == (NAMES if torn == "a row too few" else NAMES[3:])
    assert all(np.array_equal(pictures[seed], picture(seed)) for seed in range(5))


SCRIPT = """
import logging, os, sys, time
from pathlib import Path
from severstal.competition.spec import Spec
from severstal.data import build
logging.basicConfig(stream=sys.stderr, level="INFO", format="%(message)s")
build.BLOCK = 4
read = build.decode_picture
build.decode_picture = lambda path, spec: (time.sleep(0.002), read(path, spec))[1]
images = Path(sys.argv[1])
names = sorted(os.listdir(images))
print("ready", flush=True)
print(build.open_pictures(images, names, Spec("tiny", (24, 40), ("a", "b")), sys.argv[2]).digest)
"""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for seed in range(200):
        save(folder / f"{seed:03d}.png", seed)
    return folder


def start(images: Path, store: Path, stderr: int = subprocess.DEVNULL) -> subprocess.Popen:
    command = [sys.executable, "-c", SCRIPT, str(images), str(store)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def test_killed_at_any_instant_it_goes_on(many: Path, tmp_path: Path, decoded: list[str]) -> None:
    store, rng, held = tmp_path / "store", np.random.default_rng(0), [0]
    while held[-1] < 100:
        process = start(many, store)
        time.sleep(rng.uniform(0.02, 0.08))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if (store / CATALOGUE).is_file():
            held.append(len(Catalogue(store, SPEC.image_shape).entries))
    assert held == sorted(held)  # progress never goes back
    names = sorted(os.listdir(many))
    left = 200 - len(Catalogue(store, SPEC.image_shape).entries)
    pictures = open_pictures(many, names, SPEC, store)
    assert len(decoded) == left
    assert all(np.array_equal(pictures[seed], picture(seed)) for seed in range(200))
    assert Catalogue(store, SPEC.image_shape).pixels.stat().st_size == 200 * SPEC.pixels
    shutil.rmtree(store)
    assert open_pictures(many, names, SPEC, store).digest == pictures.digest


def test_two_builders_at_once_share_the_work(many: Path, tmp_path: Path) -> None:
    with exclusive_lock(tmp_path / "store", "nobody"):  # until both have come, so that neither is done before
        processes = [start(many, tmp_path / "store", subprocess.PIPE) for _ in range(2)]
        waiting = [process.stderr.readline() for process in processes]
    assert all("waiting for another process" in line for line in waiting)
    digests = {process.communicate()[0].splitlines()[-1] for process in processes}
    assert len(digests) == 1
    catalogue = Catalogue(tmp_path / "store", SPEC.image_shape)
    assert catalogue.rows == len(catalogue.entries) == 200
    pictures = open_pictures(many, sorted(os.listdir(many)), SPEC, tmp_path / "store")
    assert digests == {pictures.digest}
    assert all(np.array_equal(pictures[seed], picture(seed)) for seed in range(200))


OWN = Spec("tiles", None, ("a", "b"))
SHAPES = [(24, 40), (1, 50), (70, 9), (24, 40), (3, 3)]


def save_own(folder: Path, index: int, shape: tuple[int, int], time: int = 0) -> np.ndarray:
    grey = np.random.default_rng(index).integers(0, 256, shape, np.uint8)
    Image.fromarray(grey).save(folder / f"{index}.png")
    os.utime(folder / f"{index}.png", ns=(time, time))
    return grey


def test_pictures_of_many_sizes_are_stored_each_in_its_own(
    folder: Path, tmp_path: Path, decoded: list[str]
) -> None:
    grey = [save_own(folder, index, shape) for index, shape in enumerate(SHAPES)]
    spec = replace(OWN, shapes=Shapes([folder]))
    store = open_pictures(folder, NAMES[::-1], spec, tmp_path / "store")
    assert isinstance(store, ImageStore)
    for index, name in enumerate(NAMES):
        assert np.array_equal(store.picture(name), grey[index])
    assert Catalogue(tmp_path / "store", None).pixels.stat().st_size == sum(each.size for each in grey)
    assert open_pictures(folder, NAMES[::-1], spec, tmp_path / "store").digest == store.digest
    assert decoded == NAMES[::-1]
    # One picture becomes larger: its pixels are added, and the others stay.
    grey[2] = save_own(folder, 2, (33, 44), time=9)
    changed = open_pictures(folder, NAMES, replace(OWN, shapes=Shapes([folder])), tmp_path / "store")
    assert decoded[5:] == ["2.png"]
    assert all(np.array_equal(changed.picture(name), grey[index]) for index, name in enumerate(NAMES))
    assert changed.digest != store.digest
    assert store.picture("2.png").shape == (70, 9)


def test_a_shape_is_part_of_the_checksum(folder: Path, tmp_path: Path) -> None:
    found = []
    for shape in ((2, 8), (4, 4)):
        Image.fromarray(np.zeros(shape, np.uint8)).save(folder / "0.png")
        spec = replace(OWN, shapes=Shapes([folder]))
        found.append(open_pictures(folder, ["0.png"], spec, tmp_path / str(shape)).digest)
    assert found[0] != found[1]


@pytest.mark.parametrize("cut", [1, 40, 300])
def test_a_store_of_many_sizes_that_was_cut_is_completed(folder: Path, tmp_path: Path, cut: int) -> None:
    grey = [save_own(folder, index, shape) for index, shape in enumerate(SHAPES)]
    spec = replace(OWN, shapes=Shapes([folder]))
    digest = open_pictures(folder, NAMES, spec, tmp_path / "store").digest
    path = tmp_path / "store" / CATALOGUE
    path.write_bytes(path.read_bytes()[:-cut])  # as a kill may leave it
    again = open_pictures(folder, NAMES, spec, tmp_path / "store")
    assert again.digest == digest
    assert all(np.array_equal(again.picture(name), grey[index]) for index, name in enumerate(NAMES))


def test_a_store_of_one_size_is_started_again_for_many(folder: Path, tmp_path: Path) -> None:
    one = open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    many = open_pictures(folder, NAMES, replace(OWN, shapes=Shapes([folder])), tmp_path / "store")
    back = open_pictures(folder, NAMES, SPEC, tmp_path / "store")
    for store in (one, many, back):
        assert all(np.array_equal(store[index], picture(index)) for index in range(5))
    assert one.digest == back.digest != many.digest


@pytest.mark.parametrize("own", [False, True])
def test_colours_take_three_bytes_a_pixel(
    folder: Path, tmp_path: Path, own: bool, decoded: list[str]
) -> None:
    rgb = [np.stack([picture(seed + k) for k in range(3)], axis=2) for seed in range(5)]
    for seed in range(5):
        Image.fromarray(rgb[seed]).save(folder / f"{seed}.png")
    grey = replace(OWN, shapes=Shapes([folder])) if own else SPEC
    plain = open_pictures(folder, NAMES, grey, tmp_path / "store")
    assert plain[0].shape == (24, 40)
    store = open_pictures(folder, NAMES, replace(grey, channels=3), tmp_path / "store")
    assert sorted(decoded) == sorted(NAMES * 2)  # grey ones are not taken for colours
    assert all(np.array_equal(store[seed], rgb[seed]) for seed in range(5))
    assert store.digest != plain.digest
    catalogue = Catalogue(tmp_path / "store", grey.image_shape, 3)
    assert catalogue.pixels.stat().st_size == 5 * 24 * 40 * 3
    assert open_pictures(folder, NAMES, replace(grey, channels=3), tmp_path / "store").digest == store.digest
    assert len(decoded) == 10
