"""The position of the classes in the picture, as a figure."""

import numpy as np
import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label, truncate
from severstal.report.overlay import columns_for
from severstal.report.palette import FIGURE_WIDTH, GREY, TEXT_SIZE, Sheet, colour, dress, sheet

_MAX_RATIO = 3.0  # ratio to the mean of the class at which the shade is darkest


def class_places(coverage: np.ndarray, masks: pd.DataFrame, spec: Spec) -> Sheet:
    """Show how often the masks of each class cover each part of the picture.

    Args:
        coverage: (C, rows, columns), mean share of each cell that the masks of a class cover, as
            `mask_statistics` returns it.
        masks: one row per mask, with `ClassId`.
        spec: names the classes and fixes the size of a picture; where each has its own, places are shares of
            its height and width.

    Example:
        >>> coverage = np.array([[[0.0, 0.5], [0.0, 0.5]]])
        >>> figure = class_places(coverage, pd.DataFrame({"ClassId": [1]}), Spec("s", (8, 8), ("hole",)))
        >>> figure.axes[1].images[0].get_array().tolist()
        [[0.0, 2.0], [0.0, 2.0]]
    """
    shares = spec.image_shape is None
    high, wide = (1, 1) if shares else spec.image_shape
    unit = "share of its size" if shares else "pixels"
    columns = 1 if columns_for(spec) == 2 else min(3, len(spec.classes))
    blocks = -(-len(spec.classes) // columns)
    tall = (FIGURE_WIDTH / columns - 1.1) * (coverage.shape[1] / coverage.shape[2] if shares else high / wide)
    figure, axes = sheet(
        FIGURE_WIDTH,
        blocks * (tall + 1.25),
        "Position of the classes in the picture",
        "How often the masks of a class cover a place, relative to the mean of the class: 1, the dotted "
        "line, everywhere would be an even distribution. Above each map the mean over its columns, cut "
        "off at 3. With few masks, single ones are visible.",
        rows=2 * blocks,
        columns=columns,
        height_ratios=[0.6, tall] * blocks,
    )
    drawn = None
    for place in range(columns * blocks):
        above = axes[2 * (place // columns), place % columns]
        below = axes[2 * (place // columns) + 1, place % columns]
        if place >= len(spec.classes):
            above.remove()
            below.remove()
            continue
        class_id = place + 1
        own = coverage[place]
        relative = own / (own.mean() or 1)  # (rows, columns)
        drawn = below.imshow(
            relative, cmap="bone_r", vmin=0, vmax=_MAX_RATIO, extent=(0, wide, high, 0), aspect="auto"
        )
        edges = np.linspace(0, wide, own.shape[1] + 1)
        above.stairs(relative.mean(0), edges, fill=True, facecolor=colour(class_id), edgecolor="black")
        above.axhline(1, color="black", linestyle=":", linewidth=0.9)
        above.set_ylim(0, _MAX_RATIO)  # as far as the shades, so that classes can be compared
        above.set_xlim(0, wide)
        above.set_xticks([])
        above.set_yticks(range(int(_MAX_RATIO) + 1))
        dress(above)
        above.tick_params(labelsize=TEXT_SIZE - 1.5)
        number = int((masks["ClassId"] == class_id).sum())
        text = "no mask" if not number else "1 mask" if number == 1 else f"{number:,} masks"
        above.set_title(
            f"{truncate(class_label(spec, class_id), 26)}: {text}", fontsize=TEXT_SIZE, loc="left", pad=3
        )
        lowest = place + columns >= len(spec.classes)
        dress(below, x=f"x ({unit})" if lowest else "", y=f"y ({unit})" if place % columns == 0 else "")
        below.tick_params(labelbottom=lowest)
        below.tick_params(labelsize=TEXT_SIZE - 1.5)
        below.set_yticks([0, high / 2 if shares else high // 2, high])
        below.spines[:].set_visible(True)
        below.spines[:].set_color(GREY)
    bar = figure.colorbar(drawn, ax=figure.axes, extend="max", fraction=0.03, pad=0.015, aspect=40)
    bar.set_label("relative to the mean of the class", fontsize=TEXT_SIZE)
    bar.ax.tick_params(labelsize=TEXT_SIZE - 1.5)
    return figure
