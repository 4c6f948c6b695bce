"""The sample's statistics beside the real ones.

    python benchmarks/sample_statistics.py
    python benchmarks/sample_statistics.py --images 500 --real ../shared/data/severstal/reference

Masks are laid out for all images, which takes milliseconds each; grey levels are measured on fewer, drawn
whole. With `--real` the shapes are compared with those of the real table there; areas, counts and
combinations always with the known figures of the whole set.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from severstal.competition import rle
from severstal.competition.spec import SEVERSTAL
from severstal.data.mask_statistics import mask_statistics
from severstal.synthetic.draw import draw_image
from severstal.synthetic.facts import AREAS, CLASS_COMBINATIONS, PIECES, SHARES, SPLITS, Split
from severstal.synthetic.layout import lay_out
from severstal.synthetic.plan import Order, plan_pictures

BRIGHTNESS = {(): 87, (1,): 81, (2,): 53, (3,): 89, (4,): 97}
BLACK = 8  # grey level: columns darker than that are no steel
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def drawn_masks(plan: list[Order], seed: int, split: Split) -> pd.DataFrame:
    """Tidy table of the masks of a plan, near-duplicates left out."""
    rows = []
    for index, order in enumerate(plan):
        if order.twin_of is None and order.masks:
            bits = lay_out(seed, split, index, order).bits
            rows += [(str(index), k, rle.encode(bits >> (k - 1) & 1)) for k in order.classes]
    return pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])


def shapes(table: pd.DataFrame) -> pd.DataFrame:
    """One column per class: statistics of its masks and pieces."""
    measured = mask_statistics(table, SEVERSTAL)
    masks = measured.masks.assign(runs=table["EncodedPixels"].str.count(" ").to_numpy() // 2 + 1)
    height, width = SEVERSTAL.image_shape
    columns = {}
    for class_id in SEVERSTAL.class_ids:
        mine = masks[masks["ClassId"] == class_id]
        pieces = measured.components[measured.components["ClassId"] == class_id]
        level = (mine["top"] == 0) | (mine["top"] + mine["height"] == height)
        side = (mine["left"] == 0) | (mine["left"] + mine["width"] == width)
        middle = pieces["left"] + pieces["width"] / 2
        column = {
            "masks": len(mine),
            "pieces, mean": mine["components"].mean(),
            "pieces, median": mine["components"].median(),
            "in one piece": (mine["components"] == 1).mean(),
            "touch top or bottom": level.mean(),
            "touch left or right": side.mean(),
            "fill of the box": (mine["area"] / mine["height"] / mine["width"]).mean(),
            "runs, median": mine["runs"].median(),
        }
        for name in ("width", "height", "area"):
            column |= {f"piece {name} q{q * 100:.0f}": pieces[name].quantile(q) for q in QUANTILES}
        for eighth in range(8):
            column[f"pieces in eighth {eighth + 1}"] = (middle // (width / 8) == eighth).mean()
        columns[class_id] = column
    return pd.DataFrame(columns)


def print_areas(table: pd.DataFrame) -> None:
    """Area quantiles, drawn and real."""
    print("\nArea of a mask, drawn : real, at quantiles")
    areas = mask_statistics(table, SEVERSTAL).masks
    for class_id in SEVERSTAL.class_ids:
        mine = areas.loc[areas["ClassId"] == class_id, "area"]
        cells = []
        for share, real in zip(SHARES[1:-1], AREAS[class_id][1:-1], strict=True):
            cells.append(f"p{share * 100:<2.0f} {np.quantile(mine, share):7,.0f} : {real:7,.0f}")
        print(f"class {class_id}  " + "  ".join(cells))


def format_counts(plan: list[Order], split: Split) -> None:
    """Images of each combination of classes, drawn and as many as the real share gives."""
    real = CLASS_COMBINATIONS[split]
    factor = len(plan) / sum(real.values())
    drawn = pd.Series([order.classes for order in plan]).value_counts()
    print(f"\nImages of {split} by the classes shown, drawn : real share")
    print(", ".join(f"{k or 'clean'} {drawn.get(k, 0)} : {n * factor:.1f}" for k, n in real.items()))


def stability(first: np.ndarray, second: np.ndarray, edges: np.ndarray) -> float:
    """Population stability index of two samples over bins."""
    one, two = (np.histogram(x, edges)[0] / len(x) + 1e-3 for x in (first, second))
    return float(((two - one) * np.log(two / one)).sum())


def print_pictures(count: int, seed: int) -> None:
    """Brightness by class and the drift from train to test."""
    means: dict[Split, np.ndarray] = {}
    blacks: dict[Split, np.ndarray] = {}
    print("\nMean grey level, drawn : real")
    for split in SPLITS:
        plan = plan_pictures(count, seed, split)
        drawn = [draw_image(seed, split, index, order)[0] for index, order in enumerate(plan)]
        means[split] = np.array([picture.mean() for picture in drawn])
        blacks[split] = np.array(
            [(cv2.reduce(p, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F) < BLACK).mean() for p in drawn]
        )
        if split == "train":
            for classes, real in BRIGHTNESS.items():
                mine = means[split][[order.classes == classes for order in plan]]
                print(f"{classes or 'clean'}: {mine.mean():.1f} ± {mine.std():.1f} : {real}")
    tenths = np.quantile(means["train"], np.linspace(0, 1, 11))
    tenths[[0, -1]] = -1, 256
    print(f"brightness PSI of train and test: {stability(means['train'], means['test'], tenths):.2f} : 0.38")
    bins = np.array([-1, 0.001, 0.1, 0.2, 0.35, 0.5, 0.7, 1])
    print(f"black PSI of train and test: {stability(blacks['train'], blacks['test'], bins):.2f} : 0.36")
    print(", ".join(f"with black in {split}: {(blacks[split] > 0).mean():.0%}" for split in SPLITS))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--pictures", type=int, default=300, help="drawn whole, of each split; 0 for none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", type=Path, help="folder of the real train_rle.csv")
    settings = parser.parse_args()
    pd.set_option("display.width", 200, "display.max_columns", None, "display.float_format", "{:,.2f}".format)
    plan = plan_pictures(settings.images, settings.seed, "train")
    table = drawn_masks(plan, settings.seed, "train")
    format_counts(plan, "train")
    format_counts(plan_pictures(settings.images, settings.seed, "test"), "test")
    print_areas(table)
    singles = [PIECES[k][0] / sum(PIECES[k]) for k in SEVERSTAL.class_ids]
    print(f"\nMasks in one piece, real: {', '.join(f'{share:.0%}' for share in singles)}")
    drawn = shapes(table)
    if settings.real:
        real = shapes(pd.read_csv(settings.real / "train_rle.csv"))
        drawn = pd.concat({"drawn": drawn, "real": real}, axis=1).swaplevel(axis=1).sort_index(axis=1)
    print(drawn)
    if settings.pictures:
        print_pictures(settings.pictures, settings.seed)


if __name__ == "__main__":
    main()
