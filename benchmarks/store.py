"""Decoding once against decoding each time, and what the decode-once file costs, on two cores.

    python benchmarks/store.py
    python benchmarks/store.py --images 18000

A few hundred pictures are drawn and copied under as many names as asked for, in a temporary folder in
`--folder`, which needs 0.9 MB of disk an image. Before crops are drawn, files and store are read through
once, so that both lie in the system's cache as far as they fit, as after a first epoch. A crop is 256 x 400
pixels at a random place of a random picture, copied, as training takes it; two processes draw crops for a
second, each way in turn, three times. Memory is that of the process alone and, beside it, with the pages of
the file that it shares with the system's cache, which the system takes back when it runs short.
"""

import argparse
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import psutil

from severstal.competition.spec import SEVERSTAL
from severstal.data.build import open_pictures
from severstal.data.images import PictureFolder, Pictures
from severstal.synthetic import draw_sample

DRAWN = 240  # different pictures
WIDTH = 400  # of a crop
ROUNDS = 3
SECONDS = 1.0  # each round, each way
BUILD = """
import os, sys
from severstal.competition.spec import SEVERSTAL
from severstal.data.build import open_pictures
open_pictures(sys.argv[1], sorted(os.listdir(sys.argv[1])), SEVERSTAL, sys.argv[2])
"""


def link_pictures(parent: Path, images: int) -> Path:
    """A folder of `images` picture files, drawn ones under many names."""
    draw_sample(parent / "drawn", images=DRAWN, test_images=8)
    drawn = sorted((parent / "drawn" / "train_images").iterdir())
    folder = parent / "train_images"
    folder.mkdir()
    for number in range(images):
        shutil.copyfile(drawn[number % DRAWN], folder / f"{number:05d}.jpg")
    return folder


def read_through(path: Path) -> None:
    """Read a file once, in pieces."""
    with path.open("rb") as file:
        while file.read(2**24):
            pass


def timed(images: Path, folder: Path, kill_after: float | None = None) -> tuple[float, int, int]:
    """Build in a process of its own: seconds, and the peaks of its own and of all its memory."""
    process = subprocess.Popen([sys.executable, "-c", BUILD, images, folder], stderr=subprocess.DEVNULL)
    watched = psutil.Process(process.pid)
    own = whole = 0
    started = None
    while process.poll() is None:
        if started is None and folder.is_dir():  # from here on the packages are imported
            started = time.perf_counter()
        memory = watched.memory_info()
        own, whole = max(own, memory.rss - memory.shared), max(whole, memory.rss)
        if kill_after is not None and started is not None and time.perf_counter() - started > kill_after:
            process.kill()
        time.sleep(0.02)
    return time.perf_counter() - (started or time.perf_counter()), own, whole


def draw_crops(pictures: Pictures, imread: bool, images: Path, seed: int) -> float:
    """Crops a second of one process."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        number, left = int(rng.integers(len(pictures))), int(rng.integers(1600 - WIDTH + 1))
        picture = cv2.imread(str(images / pictures.names[number])) if imread else pictures[number]
        picture[:, left : left + WIDTH].copy()
        count += 1
    return count / (time.perf_counter() - started)


def memory_of(_: int) -> tuple[int, int]:
    """Own and whole memory of this process."""
    memory = psutil.Process().memory_info()
    return memory.rss - memory.shared, memory.rss


def compare(store: Pictures, images: Path) -> None:
    """Print crops per second of each way, and the memory of a reader."""
    folder = PictureFolder(store.names, store.digest, images, SEVERSTAL)
    ways: dict[str, tuple[Pictures, bool]] = {
        "from the store": (store, False),
        "JPEG decoded as grey": (folder, False),
        "JPEG decoded by cv2.imread in colour": (folder, True),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(memory_of, range(2))  # the packages are imported
        for turn in range(ROUNDS):
            for name, (pictures, imread) in ways.items():
                jobs = [(pictures, imread, images, 2 * turn + worker) for worker in range(2)]
                rates[name].append(sum(pool.starmap(draw_crops, jobs, chunksize=1)))
        own, whole = max(pool.map(memory_of, range(2), chunksize=1))
    first = statistics.median(rates["from the store"])
    for name, values in rates.items():
        rate = statistics.median(values)
        print(f"crops, {name:37} {rate:9,.0f} a second, {first / rate:5.1f} times as many from the store")
    print(f"memory of a process that reads crops: {own / 1e6:.0f} MB, {whole / 1e6:.0f} MB with the file's")


def report(name: str, work: Callable[[], tuple[float, int, int]], images: int) -> float:
    """Print a line on a build."""
    seconds, own, whole = work()
    print(
        f"{name:44} {seconds:6.1f} s, {seconds / images * 1000:5.2f} ms per image, "
        f"{own / 1e6:.0f} MB, {whole / 1e6:.0f} MB with the file's"
    )
    return seconds


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--folder", type=Path, default=Path("runs"))
    settings = parser.parse_args()
    settings.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.folder) as parent:
        images, whole, broken = (
            link_pictures(Path(parent), settings.images),
            Path(parent) / "a",
            Path(parent) / "b",
        )
        seconds = report(
            f"decode {settings.images:,} images once", lambda: timed(images, whole), settings.images
        )
        names = sorted(os.listdir(images))
        size = sum(path.stat().st_size for path in whole.glob("*.u8"))
        print(f"{size / settings.images / SEVERSTAL.pixels:.3f} bytes per pixel, {size / 1e9:.2f} GB")
        report("killed halfway", lambda: timed(images, broken, seconds / 2), settings.images)
        report("the same command goes on", lambda: timed(images, broken), settings.images)
        started = time.perf_counter()
        store = open_pictures(images, names, SEVERSTAL, whole)
        seconds = time.perf_counter() - started
        print(f"nothing to do, as sizes and times of all files tell: {seconds:.2f} s")
        same = open_pictures(images, names, SEVERSTAL, broken).digest == store.digest
        print(f"both hold the same pictures: {same}")
        shutil.rmtree(broken)
        for path in [*images.iterdir(), *whole.glob("*.u8")]:
            read_through(path)
        compare(store, images)


if __name__ == "__main__":
    main()
