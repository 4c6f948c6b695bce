"""What the labels and the pictures of a data set look like."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from severstal.competition.spec import Spec
from severstal.report.overlay import Panel, columns_for, gallery
from severstal.report.palette import (
    GREY,
    PALE,
    TEXT_SIZE,
    WIDTH,
    Sheet,
    class_label,
    class_labels,
    colour,
    cut,
    dress,
    sheet,
)

ROW = 0.36  # inches a bar
MOST_COMBINATIONS = 20


def areas(table: pd.DataFrame) -> np.ndarray:
    """Area of each mask in pixels, from its run lengths alone: (rows,) int64.

    Example:
        >>> areas(pd.DataFrame({"EncodedPixels": ["1 3", "5 2 9 4"]})).tolist()
        [3, 6]
    """
    return np.array([sum(map(int, text.split()[1::2])) for text in table["EncodedPixels"]], dtype=np.int64)


def class_counts(table: pd.DataFrame, images: Sequence[str], spec: Spec) -> Sheet:
    """Count the images that show each class, and the clean ones.

    Args:
        table: tidy labels, a row a mask.
        images: every image, the clean ones too.
        spec: names the classes.

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
        f"are empty, so submitting nothing scores {empty:.4f}."
    )
    figure, ((axes,),) = sheet(WIDTH, 0.6 + ROW * len(counts), "How many images show each class", note)
    fills = [PALE, *map(colour, spec.class_ids)]
    bars = axes.barh(range(len(counts)), counts, color=fills, edgecolor="black", linewidth=0.6)
    share = max(len(images), 1)
    axes.bar_label(bars, [f"{n:,} ({n / share:.1%})" for n in counts], padding=4, fontsize=TEXT_SIZE)
    axes.set_yticks(range(len(counts)), ["clean", *class_labels(spec)])
    axes.set_ylim(len(counts) - 0.5, -0.5)
    axes.set_xlim(0, 1.15 * max(counts, default=0) or 1)
    dress(axes, x="images (an image with two classes counts in both)", grid="x")
    return figure


def class_combinations(table: pd.DataFrame, images: Sequence[str], spec: Spec) -> Sheet:
    """Count the images that show exactly each combination of classes, the commonest first.

    Args:
        table: tidy labels, a row a mask.
        images: every image, the clean ones too.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> table = pd.DataFrame({"ImageId": ["a", "a"], "ClassId": [3, 4], "EncodedPixels": ["1 9", "11 9"]})
        >>> figure = class_combinations(table, ["a", "b"], SEVERSTAL)
        >>> [int(bar.get_width()) for bar in figure.axes[1].patches]
        [1, 1]
    """
    shown: dict[str, set[int]] = {}
    for image, class_id in zip(table["ImageId"], table["ClassId"], strict=True):
        shown.setdefault(image, set()).add(int(class_id))
    counts = Counter(tuple(sorted(shown.get(image, ()))) for image in images)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows, rest = ranked[:MOST_COMBINATIONS], ranked[MOST_COMBINATIONS:]
    several = sum(number for ids, number in counts.items() if len(ids) > 1)
    note = (
        f"A filled dot is a class the image shows; {several:,} of {len(images):,} images show more than one."
    )
    if rest:
        note += f" {len(rest)} rarer combinations ({sum(n for _, n in rest):,} images) are left out."

    classes = len(spec.classes)
    labels = [cut(label, 24) for label in class_labels(spec)]
    figure, ((dots, axes),) = sheet(
        WIDTH,
        0.5 + ROW * max(len(rows), 2) + 0.075 * max(map(len, labels)),
        "Which classes come together",
        note,
        columns=2,
        sharey=True,
        width_ratios=[max(0.28 * classes, 0.8), WIDTH - 0.28 * classes],
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
    dress(dots, y="classes shown")
    dots.set_yticks(range(len(rows)), names)
    dots.set_xticks(spec.class_ids, labels, rotation=90)
    dots.spines[["left", "bottom"]].set_visible(False)
    dots.tick_params(length=0)
    dress(axes, x="images", grid="x")
    return figure


def area_distributions(table: pd.DataFrame, spec: Spec) -> Sheet:
    """Show how the areas of the masks spread, a row a class, over areas that grow by factors.

    Args:
        table: tidy labels, a row a mask.
        spec: names the classes and fixes the size of a picture.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> table = pd.DataFrame({"ClassId": [3, 3], "EncodedPixels": ["1 900", "1 90"]})
        >>> int(sum(bar.get_height() for bar in area_distributions(table, SEVERSTAL).axes[2].patches))
        2
    """
    sizes, ids = areas(table), table["ClassId"].to_numpy()
    low = sizes.min() if len(sizes) else 1
    high = max(sizes.max() if len(sizes) else spec.pixels, 10 * low)
    # Ten bins a factor of ten: as fine as the rarest real class (247 masks) bears.
    edges = np.geomspace(low, high, int(10 * np.log10(high / low)) + 1)
    figure, axes = sheet(
        WIDTH,
        0.7 + 0.8 * len(spec.classes),
        "How large the masks are",
        "All defects of one class in one image are one mask. Black line: the median; between the dashed ones "
        "lies the middle half.",
        rows=len(spec.classes),
        sharex=True,
    )
    for class_id, place in zip(spec.class_ids, axes.flat, strict=True):
        own = sizes[ids == class_id]
        place.set_xscale("log")
        place.set_xlim(edges[0], edges[-1])
        said = "no mask"
        if not len(own):
            place.set_ylim(0, 1)
        else:
            place.hist(own, bins=edges, color=colour(class_id), edgecolor="black", linewidth=0.5)
            quartiles = np.percentile(own, (25, 50, 75))
            for at, line in zip(quartiles, ("--", "-", "--"), strict=True):
                place.axvline(at, color="black", linestyle=line, linewidth=1.2)
            share = quartiles[1] / spec.pixels
            said = f"{len(own):,} masks, median {quartiles[1]:,.0f} px = {share:.2%} of the picture"
        dress(place, y="masks")
        place.set_title(f"{class_label(spec, class_id)}: {said}", fontsize=TEXT_SIZE, loc="left", pad=3)
        place.margins(y=0.1)
        place.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True, min_n_ticks=1))
    axes[-1, 0].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes[-1, 0].set_xlabel("area of the mask (pixels, logarithmic)", fontsize=TEXT_SIZE)
    return figure


def examples(
    table: pd.DataFrame,
    images: Sequence[str],
    picture: Callable[[str], np.ndarray],
    bits: Callable[[str], np.ndarray],
    spec: Spec,
) -> Sheet:
    """Show a few images of each class, a row a class from small masks to large ones, and a few clean images.

    Args:
        table: tidy labels, a row a mask.
        images: every image, the clean ones too.
        picture: gives an image's (H, W) uint8 by its name.
        bits: gives an image's (H, W) bits by its name.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> table = pd.DataFrame({"ImageId": ["a"], "ClassId": [3], "EncodedPixels": ["1 9"]})
        >>> empty = np.zeros((256, 1600), np.uint8)
        >>> figure = examples(table, ["a", "b"], lambda name: empty, lambda name: empty, SEVERSTAL)
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['class 3: a (9 px)', 'clean: b']
    """
    sized = table.assign(area=areas(table)).sort_values(["area", "ImageId"])
    columns = columns_for(spec)
    panels = []
    for class_id in spec.class_ids:
        own = sized[sized["ClassId"] == class_id]
        for row in own.iloc[spread(len(own), columns)].itertuples():
            caption = f"{class_label(spec, class_id)}: {row.ImageId} ({row.area:,} px)"
            panels.append(Panel(picture(row.ImageId), bits(row.ImageId), caption))
        panels += [None] * (-len(panels) % columns)
    clean = sorted(set(images) - set(table["ImageId"]))
    for place in spread(len(clean), columns):
        panels.append(Panel(picture(clean[place]), bits(clean[place]), f"clean: {clean[place]}"))
    return gallery(
        panels,
        spec,
        "Examples of each class",
        "A row a class, from small masks to large ones. The number at a contour is its ClassId.",
    )


def spread(length: int, number: int) -> list[int]:
    """Choose places that lie evenly over a sorted list, none of them at its very ends.

    Example:
        >>> spread(100, 2), spread(1, 2)
        ([25, 75], [0])
    """
    return sorted({int((2 * i + 1) / (2 * number) * length) for i in range(number)}) if length else []
