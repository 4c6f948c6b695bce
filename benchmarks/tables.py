"""Times of the competition's tables at full size: both generations read, scored, written, checked, compared.

    python benchmarks/tables.py

The tables are filled with real annotation rows where `../shared/data` beside the checkout has them, else with
drawn ones, and are written to a temporary folder first.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from severstal.competition.checking import read_checked
from severstal.competition.contents import sum_up
from severstal.competition.difference import compare_tables
from severstal.competition.rle import encode
from severstal.competition.scope import read_named
from severstal.competition.scored import score_masks
from severstal.competition.spec import SEVERSTAL
from severstal.competition.submission import write_submission
from severstal.competition.tables import Sample, read_labels

REFERENCE = Path(__file__).parents[1] / "../shared/data/severstal/reference/train_rle.csv"
TRAIN_IMAGES, TEST_IMAGES, DEFECTS = 12_568, 5_506, 7_095
REPEATS = 5


def texts() -> tuple[str, Iterator[str]]:
    """Where the run-length texts are from, and the texts without end."""
    if REFERENCE.is_file():
        return "real masks", cycle(read_labels(REFERENCE, SEVERSTAL)["EncodedPixels"])
    random = np.random.default_rng(0)
    masks = [np.zeros(SEVERSTAL.image_shape, np.uint8) for _ in range(50)]
    for mask in masks:  # real ones have some 240 runs in the mean
        for x, width, height in random.integers((0, 20, 20), (1600, 80, 100), (3, 3)).tolist():
            cv2.ellipse(mask, (x, 128), (width, height), 0, 0, 360, 1, cv2.FILLED)
    return "drawn masks", cycle([encode(mask) for mask in masks])


def table(images: int, defects: int, runs: Iterator[str]) -> pd.DataFrame:
    """A tidy table of `defects` masks, spread evenly over the pairs."""
    pairs = np.linspace(0, images * 4, defects, endpoint=False).astype(int)
    rows = [(f"{pair // 4:09x}.jpg", pair % 4 + 1, next(runs)) for pair in pairs]
    return pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])


def measure(name: str, work: Callable[[], object]) -> None:
    """Print the median time of `work`."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    print(f"{name:66} {statistics.median(times):6.3f} s")


def main() -> None:
    """Print one line a figure."""
    source, runs = texts()
    print(f"median of {REPEATS}, {source}")
    with tempfile.TemporaryDirectory() as folder:
        today, old, output = (
            Path(folder) / name for name in ("train.csv", "train_2019.csv", "submission.csv")
        )
        labels = table(TRAIN_IMAGES, DEFECTS, runs)
        names = [f"{image:09x}.jpg" for image in range(TRAIN_IMAGES)]
        labels.to_csv(today, index=False)
        filled = {(row.ImageId, row.ClassId): row.EncodedPixels for row in labels.itertuples()}
        with old.open("w") as file:
            file.write("ImageId_ClassId,EncodedPixels\n")
            file.writelines(
                f"{name}_{k},{filled.get((name, k), '')}\n" for name in names for k in range(1, 5)
            )
        measure(
            f"read train.csv of today, {len(labels):,} rows", lambda: read_labels(today, SEVERSTAL, names)
        )
        measure(
            f"read train.csv of 2019, {len(names) * 4:,} rows", lambda: read_labels(old, SEVERSTAL, names)
        )

        defects = round(DEFECTS * TEST_IMAGES / TRAIN_IMAGES)
        sample = Sample(tuple(names[:TEST_IMAGES]), "today")
        truth, prediction = (table(TEST_IMAGES, defects, runs) for _ in range(2))
        size = f"{TEST_IMAGES:,} images, {defects:,} masks"
        measure(
            f"score, {size} a side", lambda: score_masks(prediction, truth, sample.images, SEVERSTAL).score
        )
        for form in ("today", "2019"):
            measure(
                f"write and check a submission ({form}), {size}",
                lambda form=form: write_submission(output, prediction, sample, SEVERSTAL, form),
            )
        write_submission(output, prediction, sample, SEVERSTAL)
        write_submission(old, truth, sample, SEVERSTAL, "2019")
        measure(
            f"check, {size}",
            lambda: sum_up(read_checked(output, sample, SEVERSTAL).table, sample.images, SEVERSTAL),
        )
        measure(
            f"diff of both generations, all masks differ, {size}",
            lambda: compare_tables(
                *(read_named(path, SEVERSTAL).table for path in (output, old)), sample.images, SEVERSTAL
            ),
        )


if __name__ == "__main__":
    main()
