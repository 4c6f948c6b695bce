"""Brightness and black share of the pictures, by class and in train and test, as a figure."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_labels
from severstal.report.palette import (
    FIGURE_WIDTH,
    GREY,
    PALE,
    TEXT_SIZE,
    Sheet,
    colour,
    dress,
    legend_below,
    sheet,
)

# Limits of the groups by black share of the picture; below the first it counts as not black.
_BLACK = (0.01, 0.1, 0.3, 0.6)
_SHADES = ("#FFFFFF", "#C8C8C8", "#909090", "#505050", "#000000")
_FEW = 40  # up to this many pictures are drawn as dots


def picture_groups(
    features: pd.DataFrame, table: pd.DataFrame, spec: Spec, test: pd.DataFrame | None = None
) -> dict[str, pd.DataFrame]:
    """Group the features of pictures: all train pictures, the clean ones, those of each class, the test set.

    Args:
        features: one row per train picture, with `ImageId`.
        table: one row per mask, with `ImageId` and `ClassId`.
        spec: names the classes.
        test: one row per test picture; None leaves the group out.

    Example:
        >>> features = pd.DataFrame({"ImageId": ["a", "b"], "brightness": [80.0, 90.0]})
        >>> table = pd.DataFrame({"ImageId": ["b"], "ClassId": [1]})
        >>> groups = picture_groups(features, table, Spec("tiny", (4, 4), ("hole",)))
        >>> {name: len(rows) for name, rows in groups.items()}
        {'all train': 2, 'clean': 1, '1 hole': 1}
    """
    shown = features["ImageId"]
    groups = {"all train": features, "clean": features[~shown.isin(table["ImageId"])]}
    for class_id, label in zip(spec.class_ids, class_labels(spec), strict=True):
        groups[label] = features[shown.isin(table.loc[table["ClassId"] == class_id, "ImageId"])]
    return groups if test is None else {**groups, "all test": test}


def brightness_and_black(
    features: pd.DataFrame, table: pd.DataFrame, spec: Spec, test: pd.DataFrame | None = None
) -> Sheet:
    """Compare the brightness of the steel and the black share of the pictures.

    Args:
        features: one row per train picture: `ImageId`, `brightness` (grey levels), `black` (share of pixels).
        table: one row per mask, with `ImageId` and `ClassId`.
        spec: names the classes.
        test: the features of the test pictures; None leaves them out.

    Example:
        >>> features = pd.DataFrame({"ImageId": ["a"], "brightness": [80.0], "black": [0.4]})
        >>> table = pd.DataFrame({"ImageId": [], "ClassId": []})
        >>> figure = brightness_and_black(features, table, Spec("tiny", (4, 4), ("hole",)))
        >>> [float(bar.get_width()) for bar in figure.axes[1].patches if bar.get_width()]
        [100.0, 100.0]
    """
    groups = picture_groups(features, table, spec, test)
    figure, ((left, right),) = sheet(
        FIGURE_WIDTH,
        1.1 + 0.4 * len(groups),
        "Brightness of the steel and black share of the pictures",
        "Left: mean grey level of the steel in a picture; box: quartiles and median, whiskers: 5 and 95 %; "
        f"up to {_FEW} pictures are dots. Right: pictures by black share, and the share with any black.",
        columns=2,
        sharey=True,
        width_ratios=[1.15, 1],
    )
    fills = ["#4D4D4D", PALE, *map(colour, spec.class_ids), "white"]
    shares = np.zeros((len(groups), len(_SHADES)))
    for row, (group, fill) in enumerate(zip(groups.values(), fills, strict=False)):
        _box(left, row, group["brightness"].to_numpy(), fill)
        if len(group):
            kinds = np.searchsorted(_BLACK, group["black"].to_numpy(), side="right")
            shares[row] = 100 * np.bincount(kinds, minlength=len(_SHADES)) / len(group)
            right.text(102, row, f"{100 - shares[row, 0]:.0f}%", va="center", fontsize=TEXT_SIZE)
    limits = [f"{limit:.0%}" for limit in _BLACK]
    names = [
        "no black",
        *(f"{low} to {high} black" for low, high in pairwise(limits)),
        f"over {limits[-1]} black",
    ]
    starts = np.cumsum(shares, axis=1) - shares
    for kind, shade in enumerate(_SHADES):
        right.barh(
            range(len(groups)),
            shares[:, kind],
            left=starts[:, kind],
            color=shade,
            edgecolor="black",
            linewidth=0.6,
        )
    left.set_yticks(range(len(groups)), [f"{name} ({len(rows):,})" for name, rows in groups.items()])
    left.set_ylim(len(groups) - 0.5, -0.5)
    right.set_xlim(0, 114)
    right.set_xticks(range(0, 101, 20))
    dress(left, x="brightness of the steel (grey levels, 0 to 255)", grid="x")
    dress(right, x="pictures (%)")
    right.tick_params(labelleft=False)
    legend_below(
        figure,
        [
            Patch(facecolor=shade, edgecolor="black", linewidth=0.6, label=name)
            for name, shade in zip(names, _SHADES, strict=True)
        ],
    )
    return figure


def _box(axes: Axes, row: int, values: np.ndarray, fill: str) -> None:
    if not len(values):
        axes.text(
            0.02, row, "no picture", transform=axes.get_yaxis_transform(), va="center", fontsize=TEXT_SIZE
        )
        return
    if len(values) <= _FEW:
        axes.plot(values, np.full(len(values), row), "o", color=fill, markeredgecolor="black", markersize=4.5)
        axes.plot([np.median(values)] * 2, [row - 0.32, row + 0.32], color="black", linewidth=2)
        return
    p5, low, median, high, p95 = np.percentile(values, (5, 25, 50, 75, 95))
    axes.plot([p5, p95], [row, row], color=GREY, linewidth=1.2)
    hatch = "////" if fill == "white" else None
    axes.barh(
        row, high - low, left=low, height=0.6, color=fill, edgecolor="black", linewidth=0.6, hatch=hatch
    )
    axes.plot([median, median], [row - 0.3, row + 0.3], color="black", linewidth=3)
    axes.plot([median, median], [row - 0.3, row + 0.3], color="white", linewidth=1)
