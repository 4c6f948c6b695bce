"""Host memory of training's loader over the full data set and over a tenth of it.

    python benchmarks/memory.py
    python benchmarks/memory.py --folder /a/disk/with/6/GB

A file of decoded pictures is filled with noise, 256 x 1600 bytes per picture (5.1 GB for all 12,568), and
labels of real size are drawn. A process of its own then opens them, makes the training feed with two
workers and goes through two rounds of 12,568 crops, of all pictures or of a tenth of them, while the memory
of all its processes is added up as PSS, which shares out pages that several of them use, those of the file
included. Beside it stands what is left without the file's pages.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.spec import SEVERSTAL
from severstal.data.images import ImageStore
from severstal.device import make_accelerator
from severstal.recipe import Recipe, TrainingSettings
from severstal.training.loader import FoldData, TrainLoader
from severstal.training.phases import Plan

FULL = 12_568
BATCH, WORKERS, ROUNDS = 24, 2, 2
LIMIT = 6e9
NOISE = 64  # different pictures and masks
DEFECTS = 7_095 / FULL  # masks an image in the competition's train.csv


def write_pixels(path: Path, images: int) -> None:
    """Fill a file with as many pictures of noise."""
    random = np.random.default_rng(0)
    block = random.integers(0, 256, (NOISE, *SEVERSTAL.image_shape), np.uint8).tobytes()
    with path.open("wb") as file:
        for start in range(0, images, NOISE):
            file.write(block[: min(NOISE, images - start) * SEVERSTAL.pixels])


def labels(names: list[str]) -> pd.DataFrame:
    """A tidy table with as many masks of some 250 runs as the competition has."""
    random = np.random.default_rng(0)
    masks = []
    for _ in range(NOISE):
        mask = np.zeros(SEVERSTAL.image_shape, np.uint8)
        top, left = int(random.integers(0, 156)), int(random.integers(0, 1350))
        mask[top : top + 100, left : left + 250] = 1
        masks.append(encode(mask))
    rows = [
        (names[row], 1 + number % 4, masks[number % NOISE])
        for number, row in enumerate(random.choice(len(names), round(DEFECTS * len(names)), replace=False))
    ]
    return pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])


def feed_all(pixels: Path, images: int) -> None:
    """Go through the rounds, as a training does: as many crops from few pictures as from many."""
    names = [f"{number:09x}.jpg" for number in range(images)]
    store = ImageStore(
        names,
        "",
        pixels,
        range(0, images * SEVERSTAL.pixels, SEVERSTAL.pixels),
        [SEVERSTAL.image_shape] * images,
    )
    fold = FoldData(store, Masks(labels(names), SEVERSTAL), SEVERSTAL, names, [])
    recipe = Recipe(training=TrainingSettings(batch_size=BATCH, workers=WORKERS, epoch_images=FULL))
    feed = TrainLoader(fold, recipe, Plan(recipe, images).phase(0), 0, make_accelerator())
    for epoch in range(ROUNDS):
        for _ in feed.batches(epoch):
            pass


def memory_of(process: psutil.Process) -> tuple[int, int]:
    """PSS of a process and all that it started, with and without the pages of mapped files, in bytes."""
    whole = without = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            for mapped in each.memory_maps(grouped=True):
                whole += mapped.pss
                without += 0 if mapped.path.endswith(".u8") else mapped.pss
        except psutil.Error:
            continue  # it ended meanwhile
    return whole, without


def peak(pixels: Path, images: int) -> tuple[int, int]:
    """Peaks of the memory of a process of its own that goes through so many images."""
    process = subprocess.Popen([sys.executable, __file__, "--feed", pixels, "--images", str(images)])
    watched, whole, without = psutil.Process(process.pid), 0, 0
    while process.poll() is None:
        try:
            now = memory_of(watched)
        except psutil.Error:
            break
        whole, without = max(whole, now[0]), max(without, now[1])
        time.sleep(0.5)
    if process.wait():
        raise SystemExit(f"the process over {images:,} images failed")
    return whole, without


def main() -> None:
    """Print one line a number of images."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=FULL)
    parser.add_argument("--folder", type=Path, default=Path("runs"))
    parser.add_argument("--feed", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.feed:
        feed_all(arguments.feed, arguments.images)
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        pixels = Path(folder) / "pixels.u8"
        write_pixels(pixels, arguments.images)
        size, found = os.path.getsize(pixels), {}
        print(f"file of decoded pictures: {size / 1e9:.2f} GB")
        for images in (arguments.images // 10, arguments.images):
            found[images] = peak(pixels, images)
            whole, without = found[images]
            print(
                f"{images:6,} images: {whole / 1e9:.2f} GB, {without / 1e9:.2f} GB without the file's pages"
            )
        (_, few), (most, many) = found.values()
        print(f"ten times the images: {(many - few) / 1e6:+,.0f} MB without the file's pages")
        print(f"at most 6 GB with them: {'yes' if most <= LIMIT else 'no'}")


if __name__ == "__main__":
    main()
