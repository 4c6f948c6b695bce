"""The number of images with each class and with each combination of classes, as figures."""

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from severstal.competition.spec import Spec
from severstal.evaluation.class_counts import count_combinations
from severstal.evaluation.labels import class_labels, truncate
from severstal.report.palette import FIGURE_WIDTH, GREY, PALE, TEXT_SIZE, Sheet, colour, dress, sheet

_ROW = 0.36  # inches per bar
_MOST_COMBINATIONS = 20


def class_counts(
    table: pd.DataFrame, images: Sequence[str], spec: Spec, masks: pd.DataFrame | None = None
) -> Sheet:
    """Show the number of images with each class, and of clean ones, beside the share of the labelled pixels.

    Args:
        table: labels, one row per mask.
        images: all images, including clean ones.
        spec: names the classes.
        masks: one row per mask, with `ClassId` and `area` in pixels; None leaves out the pixels.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> table = pd.DataFrame({"ImageId": ["a"], "ClassId": [3], "EncodedPixels": ["1 9"]})
        >>> [int(bar.get_width()) for bar in class_counts(table, ["a", "b"], SEVERSTAL).axes[0].patches]
        [1, 0, 0, 1, 0]
    """
    clean = len(set(images) - set(table["ImageId"]))
    counts = [clean, *(int((table["ClassId"] == k).sum()) for k in spec.class_ids)]
    pairs = len(images) * len(spec.classes)
    empty = 1 - len(table) / pairs if pairs else float("nan")
    note = (
        f"{len(images):,} images; {clean:,} are clean. {empty:.1%} of the {pairs:,} (image, class) pairs "
        f"are empty: the all-empty baseline scores {empty:.4f}."
    )
    figure, axes = sheet(
        FIGURE_WIDTH,
        0.6 + _ROW * len(counts),
        "Images and pixels of each class" if masks is not None else "Images with each class",
        note,
        columns=1 if masks is None else 2,
        sharey=True,
    )
    share = max(len(images), 1)
    labels = [f"{n:,} ({n / share:.1%})" for n in counts]
    _bars(axes[0, 0], counts, labels, spec, "images (one with two classes counts in both)")
    axes[0, 0].set_yticks(range(len(counts)), ["clean", *class_labels(spec)])
    if masks is not None:
        covered = [int(masks.loc[masks["ClassId"] == k, "area"].sum()) for k in spec.class_ids]
        everything = share * spec.pixels
        if spec.image_shape is None:
            everything = max(1, sum(math.prod(spec.shape_of(image)) for image in images))
        labelled = max(sum(covered), 1)
        percent = [0.0, *(100 * area / labelled for area in covered)]
        labels = [f"{1 - sum(covered) / everything:.1%} of all pixels are of no class"]
        labels += [f"{area / labelled:.1%}, {area / everything:.3%} of all" for area in covered]
        _bars(axes[0, 1], percent, labels, spec, "share of the labelled pixels (%)")
    return figure


def _bars(axes: Axes, values: Sequence[float], labels: Sequence[str], spec: Spec, x: str) -> None:
    """Draw one bar for clean pictures and one per class, each with its label."""
    fills = [PALE, *map(colour, spec.class_ids)]
    bars = axes.barh(range(len(values)), values, color=fills, edgecolor="black", linewidth=0.6)
    axes.bar_label(bars, labels, padding=4, fontsize=TEXT_SIZE)
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.set_xlim(0, 1.5 * max(values, default=0) or 1)
    axes.locator_params(axis="x", nbins=5)
    dress(axes, x=x, grid="x")


def class_combinations(table: pd.DataFrame, images: Sequence[str], spec: Spec) -> Sheet:
    """Show the number of images with exactly each combination of classes, the most frequent first.

    Args:
        table: labels, one row per mask.
        images: all images, including clean ones.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> table = pd.DataFrame({"ImageId": ["a", "a"], "ClassId": [3, 4], "EncodedPixels": ["1 9", "11 9"]})
        >>> figure = class_combinations(table, ["a", "b"], SEVERSTAL)
        >>> [int(bar.get_width()) for bar in figure.axes[1].patches]
        [1, 1]
    """
    ranked = count_combinations(table, images)
    rows, rest = ranked[:_MOST_COMBINATIONS], ranked[_MOST_COMBINATIONS:]
    several = sum(number for ids, number in ranked if len(ids) > 1)
    note = (
        f"Filled dots: the classes of the images; {several:,} of {len(images):,} images have more than one."
    )
    if rest:
        note += f" {len(rest)} rarer combinations ({sum(n for _, n in rest):,} images) are left out."

    classes = len(spec.classes)
    labels = [truncate(label, 24) for label in class_labels(spec)]
    figure, ((dots, axes),) = sheet(
        FIGURE_WIDTH,
        0.5 + _ROW * max(len(rows), 2) + 0.075 * max(map(len, labels)),
        "Combinations of classes",
        note,
        columns=2,
        sharey=True,
        width_ratios=[max(0.28 * classes, 0.8), FIGURE_WIDTH - 0.28 * classes],
    )
    for row, (ids, _) in enumerate(rows):
        dots.plot(range(1, classes + 1), [row] * classes, "o", color=PALE, markersize=7)
        dots.plot(ids, [row] * len(ids), "-", color=GREY, linewidth=1.5)
        for k in ids:
            dots.plot(k, row, "o", color=colour(k), markeredgecolor="black", markersize=9)
    names = [" + ".join(map(str, ids)) or "clean" for ids, _ in rows]
    bars = axes.barh(range(len(rows)), [number for _, number in rows], color=GREY)
    axes.bar_label(
        bars,
        [f"{number:,} ({number / len(images):.1%})" for _, number in rows],
        padding=4,
        fontsize=TEXT_SIZE,
    )
    axes.set_xlim(0, 1.15 * max((number for _, number in rows), default=0) or 1)
    axes.set_ylim(max(len(rows), 2) - 0.5, -0.5)
    axes.tick_params(labelleft=False)
    dots.set_xlim(0.4, classes + 0.6)
    dress(dots, y="classes")
    dots.set_yticks(range(len(rows)), names)
    dots.set_xticks(spec.class_ids, labels, rotation=90)
    dots.spines[["left", "bottom"]].set_visible(False)
    dots.tick_params(length=0)
    dress(axes, x="images", grid="x")
    return figure
