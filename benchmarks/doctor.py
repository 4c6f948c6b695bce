"""Time to examine a label table of full size: untouched, and with every mask shifted by a pixel.

    python benchmarks/doctor.py [TRAIN_CSV]

TRAIN_CSV holds real masks of the competition's shape; without it, the table beside the checkout, if any, else
sample data is drawn. Rows are repeated under other names until there are as many as in the competition's
train.csv. Two cores are used at most where the machine has more.
"""

import os
import sys
import tempfile
import time
from itertools import count, islice
from pathlib import Path

import numpy as np
import pandas as pd

from severstal.data.images import read_picture
from severstal.doctor import examine, write_repair
from severstal.synthetic import draw_sample

REAL_TABLE = Path(__file__).parents[1] / "../shared/data/severstal/reference/train_rle.csv"
TABLE_ROWS = 7095  # of the competition's train.csv


def fill(table: pd.DataFrame) -> pd.DataFrame:
    """As many rows as the competition has, in order, none of them twice."""
    copies = (table.assign(ImageId=f"{copy:02}" + table["ImageId"]) for copy in count())
    some = islice(copies, TABLE_ROWS // len(table) + 1)
    return pd.concat(some, ignore_index=True).iloc[:TABLE_ROWS]


def shift(text: str) -> str:
    """Return a mask as it is read with starts that are off by one."""
    numbers = np.array(text.split(), int)
    numbers[::2] += 1
    return " ".join(map(str, numbers))


def main(table: Path, folder: Path) -> None:
    """Print one line per table."""
    if not table.is_file():
        draw_sample(folder / "sample", 240, 60, 0)
        table = folder / "sample" / "train.csv"
    masks = fill(pd.read_csv(table, dtype=str))
    shifted = masks.assign(EncodedPixels=[shift(text) for text in masks["EncodedPixels"]])
    for name, rows in (("untouched", masks), ("shifted", shifted)):
        path = folder / f"{name}.csv"
        rows.to_csv(path, index=False)
        began = time.perf_counter()
        report = examine(path, read_picture)
        examined = time.perf_counter() - began
        if report.repaired is not None:
            write_repair(report, folder / "repaired.csv")
        wrote = time.perf_counter() - began - examined
        print(
            f"{name}: {len(rows):,} rows of {table.name} examined in {examined:.1f} s, "
            f"{len(report.findings)} findings, repair written in {wrote:.1f} s"
        )


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    with tempfile.TemporaryDirectory() as made:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else REAL_TABLE, Path(made))
