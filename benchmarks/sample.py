"""Time, size and class counts of the sample data set.

    python benchmarks/sample.py
    python benchmarks/sample.py --images 2000 --test-images 500

It is drawn into a temporary folder, which is deleted again.
"""

import argparse
import tempfile
import time
from pathlib import Path

import pandas as pd

from severstal.competition.folder import InputFolder
from severstal.competition.spec import SEVERSTAL
from severstal.synthetic import draw_sample


def describe(split: str, table: pd.DataFrame, images: int) -> str:
    """One line on the labels of a split."""
    counts = table["ClassId"].value_counts().sort_index()
    clean = images - table["ImageId"].nunique()
    return (
        f"{split:6} {images:6,} images, {clean / images:6.1%} clean; "
        f"{len(table) / images / len(SEVERSTAL.classes):6.1%} of the pairs hold a defect; "
        f"images with class {', '.join(f'{class_id}: {number}' for class_id, number in counts.items())}"
    )


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=480)
    parser.add_argument("--test-images", type=int, default=120)
    settings = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        data = InputFolder(Path(parent) / "sample", SEVERSTAL)
        start = time.perf_counter()
        draw_sample(data.root, settings.images, settings.test_images)
        seconds = time.perf_counter() - start
        sizes = [path.stat().st_size for path in data.root.rglob("*") if path.is_file()]
        images = settings.images + settings.test_images
        print(f"drawn in {seconds:.1f} s, {seconds / images * 1000:.0f} ms per image")
        print(f"{sum(sizes) / 1e6:.1f} MB, {sum(sizes) / images / 1e3:.0f} KB an image")
        print(describe("train", pd.read_csv(data.train_csv), settings.images))
        print(describe("test", pd.read_csv(data.truth_csv), settings.test_images))


if __name__ == "__main__":
    main()
