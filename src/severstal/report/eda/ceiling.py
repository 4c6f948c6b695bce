"""The Dice that degraded masks lose, as a figure."""

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label
from severstal.report.palette import (
    FIGURE_WIDTH,
    MARKERS,
    PALE,
    TEXT_SIZE,
    Sheet,
    colour,
    dress,
    legend_below,
    sheet,
)

_LEAST = 0.001  # the scale is linear up to here, so that it includes 0
_TICKS = (0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)


def dice_lost(ceiling: pd.DataFrame, spec: Spec) -> Sheet:
    """Show the Dice that true masks lose by each degradation.

    Args:
        ceiling: mean Dice, one row per degradation, one column per `ClassId` and `all`, as `measure_ceiling`
            returns it.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> ceiling = pd.DataFrame({3: [0.9], "all": [0.9]}, index=["1 pixel wider"])
        >>> round(float(dice_lost(ceiling, SEVERSTAL).axes[0].lines[0].get_xdata()[0]), 3)
        0.1
    """
    lost = (1 - ceiling).clip(lower=0)
    figure, ((axes,),) = sheet(
        FIGURE_WIDTH,
        1.0 + 0.34 * max(len(lost), 1),
        "Dice lost by degraded masks",
        "Each true mask is scored against itself after the degradation at the left. Black line: all masks; "
        "markers: the classes. Labels are hardly exact to one pixel, so that its loss cannot be recovered.",
    )
    rows = np.arange(len(lost))
    # Marks instead of bars: on a partly logarithmic axis the length of a bar means nothing.
    axes.hlines(rows, 0, 1, color=PALE, linewidth=0.8, zorder=1)
    axes.plot(lost["all"], rows, "|", color="black", markersize=15, markeredgewidth=2, clip_on=False)
    ids = [column for column in lost.columns if column != "all"]
    handles = []
    for place, class_id in enumerate(ids):
        offset = (place - (len(ids) - 1) / 2) * min(0.13, 0.5 / max(len(ids), 1))
        look = {
            "marker": MARKERS[(class_id - 1) % len(MARKERS)],
            "color": colour(class_id),
            "linestyle": "none",
            "markeredgecolor": "black",
            "markersize": 6.5,
        }
        axes.plot(lost[class_id], rows + offset, zorder=3, clip_on=False, **look)
        handles.append(Line2D([], [], label=class_label(spec, class_id), **look))
    for row, value in zip(rows, lost["all"], strict=True):
        axes.text(
            1.02,
            row,
            "<0.1%" if 0 < value < 0.0005 else f"{value:.1%}",
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=TEXT_SIZE,
        )
    axes.set_xscale("symlog", linthresh=_LEAST, linscale=0.5)
    axes.set_xlim(-_LEAST / 4, 1)
    axes.xaxis.set_major_locator(FixedLocator(_TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    axes.set_yticks(rows, lost.index)
    axes.set_ylim(max(len(lost), 1) - 0.5, -0.5)
    dress(axes, x="Dice lost on defects (logarithmic from 0.1% on); at the right, all masks", grid="x")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    if handles:
        legend_below(figure, handles)
    return figure
