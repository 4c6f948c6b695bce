"""The areas of the masks, and the masks below a minimum area, as figures."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label
from severstal.report.palette import (
    FIGURE_WIDTH,
    LINES,
    MARKERS,
    TEXT_SIZE,
    Sheet,
    colour,
    dress,
    legend_below,
    sheet,
)

_BINS = 10  # per factor of ten: as fine as the rarest real class allows (247 masks)


def area_distributions(masks: pd.DataFrame, spec: Spec, everywhere: pd.DataFrame | None = None) -> Sheet:
    """Show the distribution of the areas of the masks, one row per class, on a logarithmic axis.

    Args:
        masks: one row per mask, with `ClassId` and `area` in pixels.
        spec: names the classes and fixes the size of a picture.
        everywhere: the same of the whole data set that these masks are from, drawn as an outline.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> masks = pd.DataFrame({"ClassId": [3, 3], "area": [900, 90]})
        >>> figure = area_distributions(masks, SEVERSTAL)
        >>> [float(bar.get_height()) for bar in figure.axes[2].patches if bar.get_height()]
        [50.0, 50.0]
    """
    tables = [masks] if everywhere is None else [masks, everywhere]
    sizes = np.concatenate([table["area"].to_numpy() for table in tables])
    low = sizes.min() if len(sizes) else 1
    high = max(sizes.max() if len(sizes) else spec.pixels, 10 * low)
    edges = np.geomspace(low, high, int(_BINS * np.log10(high / low)) + 1)
    edges[[0, -1]] = low, high  # rounding may leave the smallest or the largest outside
    note = (
        "All defects of one class in one image are one mask. Bars: share of the masks of the class. Black "
        "line: median; dashed: quartiles."
    )
    if everywhere is not None:
        note += f" Outline: all {len(everywhere):,} masks of the whole data set."
    figure, axes = sheet(
        FIGURE_WIDTH,
        0.7 + 0.8 * len(spec.classes),
        "Areas of the masks",
        note,
        rows=len(spec.classes),
        sharex=True,
    )
    for class_id, place in zip(spec.class_ids, axes.flat, strict=True):
        own = masks.loc[masks["ClassId"] == class_id, "area"].to_numpy()
        place.set_xscale("log")
        place.set_xlim(edges[0], edges[-1])
        place.set_ylim(0, 1)
        text = "no mask"
        top = 0.0
        if len(own):
            share = np.full(len(own), 100 / len(own))
            heights, *_ = place.hist(
                own, bins=edges, weights=share, color=colour(class_id), edgecolor="black", linewidth=0.5
            )
            quartiles = np.percentile(own, (25, 50, 75))
            for at, line in zip(quartiles, ("--", "-", "--"), strict=True):
                place.axvline(at, color="black", linestyle=line, linewidth=1.2)
            text = f"{len(own):,} masks, median {quartiles[1]:,.0f} px"
            if spec.image_shape is not None:
                text += f" = {quartiles[1] / spec.pixels:.2%} of the picture"
            top = heights.max()
        if everywhere is not None:
            all_own = everywhere.loc[everywhere["ClassId"] == class_id, "area"].to_numpy()
            if len(all_own):
                heights = np.histogram(all_own, edges)[0] * 100 / len(all_own)
                place.stairs(heights, edges, color="#404040", linewidth=1.4, baseline=None)
                text += f"; of all {len(all_own):,}: {np.median(all_own):,.0f} px"
                top = max(top, heights.max())
        place.set_ylim(0, 1.1 * top or 1)
        dress(place, y="masks %")
        place.set_title(f"{class_label(spec, class_id)}: {text}", fontsize=TEXT_SIZE, loc="left", pad=3)
        place.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True, min_n_ticks=1))
    _number(axes[-1, 0])
    axes[-1, 0].set_xlabel("area of the mask (pixels, logarithmic)", fontsize=TEXT_SIZE)
    return figure


def masks_lost(masks: pd.DataFrame, spec: Spec) -> Sheet:
    """Show the share of the true masks of each class below each minimum area.

    Args:
        masks: one row per mask, with `ClassId` and `area` in pixels.
        spec: names the classes and fixes the size of a picture.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> masks = pd.DataFrame({"ClassId": [3, 3], "area": [900, 90]})
        >>> masks_lost(masks, SEVERSTAL).axes[0].lines[0].get_ydata().tolist()
        [0.0, 50.0, 100.0]
    """
    figure, ((axes,),) = sheet(
        FIGURE_WIDTH,
        3.6,
        "True masks below a minimum area",
        "Predicted masks below the minimum are removed. A minimum that is harmless for one class removes "
        "most of another, hence one per class. Marker: the median; dotted: 5 % of the masks.",
    )
    handles = []
    for class_id in spec.class_ids:
        own = np.sort(masks.loc[masks["ClassId"] == class_id, "area"].to_numpy())
        if not len(own):
            continue
        look = {
            "color": colour(class_id),
            "linestyle": LINES[(class_id - 1) % len(LINES)],
            "linewidth": 2.2,
            "marker": MARKERS[(class_id - 1) % len(MARKERS)],
            "markersize": 8,
            "markeredgecolor": "black",
        }
        share = 100 * np.arange(len(own) + 1) / len(own)
        axes.plot(
            np.append(own, own[-1]),
            share,
            drawstyle="steps-pre",
            markevery=[len(own) // 2],
            path_effects=[withStroke(linewidth=3.0, foreground="#404040")],
            **look,
        )
        below = f"5 % below {np.percentile(own, 5):,.0f} px"
        handles.append(Line2D([], [], label=f"{class_label(spec, class_id)} ({below})", **look))
    axes.set_xscale("log")
    axes.set_ylim(0, 102)
    low, high = (1, spec.pixels) if masks.empty else (masks["area"].min() * 0.9, masks["area"].max() * 1.1)
    middle = max((high / low) ** 0.5, 10**0.5)  # a factor of ten at least
    axes.set_xlim((low * high) ** 0.5 / middle, (low * high) ** 0.5 * middle)
    _number(axes)
    axes.axhline(5, color="black", linestyle=":", linewidth=1)
    dress(axes, x="minimum area (pixels, logarithmic)", y="true masks below it (%)", grid="both")
    legend_below(figure, handles or [Patch(facecolor="none", label="no mask")])
    return figure


def _number(axes: Axes) -> None:
    """Label a logarithmic axis in pixels, with more ticks if it spans less than a factor of 100."""
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
