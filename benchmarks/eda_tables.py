"""The tables of docs/eda_real.md: what notebook 1 measures, on the real data sets, without a picture of them.

python benchmarks/eda_tables.py ../shared/data/severstal ../shared/data/neu_seg ../shared/data/magnetic_tile
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from severstal.competition.folder import open_input
from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.competition.tables import read_labels
from severstal.data.features import picture_features
from severstal.data.mask_statistics import mask_statistics
from severstal.data.pictures import read_picture
from severstal.evaluation.class_counts import count_combinations
from severstal.evaluation.contrast import mask_contrast
from severstal.evaluation.examples import random_masks
from severstal.evaluation.label_ceiling import measure_ceiling
from severstal.evaluation.labels import class_labels
from severstal.evaluation.mask_summary import summarise_masks
from severstal.evaluation.shift import measure_shift


class Folder:
    """The pictures of a folder, for `picture_features`."""

    def __init__(self, folder: Path, names: Sequence[str], spec: Spec) -> None:
        """Nothing is read yet."""
        self.folder, self.names, self.spec = folder, names, spec

    def picture(self, name: str) -> np.ndarray:
        """The (H, W) uint8 pixels of a picture."""
        return read_picture(self.folder / name, self.spec)


def show(title: str, table: pd.DataFrame) -> None:
    """Print a table as Markdown."""
    print(f"\n{title}\n")
    print(f"| | {' | '.join(map(str, table.columns))} |")
    print(f"|{' --- |' * (len(table.columns) + 1)}")
    for name, row in table.iterrows():
        print(f"| {name} | {' | '.join(map(str, row))} |")


def percent(values: Iterable[float], digits: int = 1) -> list[str]:
    """Shares as per cent."""
    return [f"{100 * value:.{digits}f} %" for value in values]


def main() -> None:
    """Print the tables of every folder named."""
    for root in map(Path, sys.argv[1:]):
        data = open_input(root)
        spec, names = data.spec, data.train_names()
        labels = read_labels(data.train_csv, spec)
        labels = labels[labels["ImageId"].isin(names)]
        masks = mask_statistics(labels, spec).masks
        bits = Masks(labels, spec)
        presence = bits.presence(names)
        print(f"\n## {spec.name}\n\n{len(names):,} labelled images of {spec.image_shape[0]} x "
              f"{spec.image_shape[1]} pixels, {(~presence.any(1)).sum():,} of them without a defect; "
              f"all-empty baseline {1 - presence.mean():.4f}.")  # fmt: skip
        areas = [masks.loc[masks["ClassId"] == k, "area"].sum() for k in spec.class_ids]
        chosen = random_masks(masks, names, 60)
        train = Folder(root / "train_images", names, spec)
        seen = [mask_contrast(train.picture(r.ImageId), bits[r.ImageId] >> (r.ClassId - 1) & 1)
                for r in chosen.itertuples()]  # fmt: skip
        contrast = chosen.assign(contrast=seen).groupby("ClassId")["contrast"].median()
        counts = pd.DataFrame(
            {
                "images": presence.sum(0),
                "share of the images": percent(presence.mean(0)),
                "share of all pixels": percent((area / len(names) / spec.pixels for area in areas), 3),
                "share of the labelled pixels": percent(area / sum(areas) for area in areas),
                "contrast, median": [f"{contrast.get(k, float('nan')):.1f}" for k in spec.class_ids],
            },
            index=class_labels(spec),
        )
        show("Frequency of each class, and its contrast with the steel around it:", counts)
        several = [(ids, number) for ids, number in count_combinations(labels, names) if len(ids) > 1]
        if several:
            listed = ", ".join(f"{' + '.join(map(str, ids))}: {number}" for ids, number in several[:8])
            print(f"\nImages with several classes: {listed}.")
        show("Masks, areas in pixels:", summarise_masks(masks, spec))
        lost = 1 - measure_ceiling(labels, spec)
        lost.columns = ["all masks" if c == "all" else class_labels(spec)[c - 1] for c in lost.columns]
        show("Loss of Dice when the true masks are degraded:", lost.map(lambda value: f"{max(value, 0):.1%}"))
        tests = sorted(entry.name for entry in (root / "test_images").iterdir())
        test = Folder(root / "test_images", tests, spec)
        shift = measure_shift(picture_features(train), picture_features(test))
        show(
            f"Largest differences between training and test images ({len(tests):,}):", shift.head(4).round(2)
        )


if __name__ == "__main__":
    main()
