"""Learning curves of the folds."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from severstal.report.palette import (
    FIGURE_WIDTH,
    GREY,
    LINES,
    MARKERS,
    TEXT_SIZE,
    Sheet,
    dress,
    legend_below,
    sheet,
)

_PANELS = (  # key, title, unit, whether the best epoch is marked
    ("loss", "training loss", "mean loss of the epoch", False),
    ("score", "score on the held-out fold", "mean Dice over all pairs", True),
    ("dice_on_defects", "Dice on defects", "mean Dice over defects", True),
    ("false_alarms", "false alarms", "share of empty pairs", True),
    ("learning_rate", "learning rate", "at the end of the epoch", False),
    ("pictures_a_second", "speed", "training crops per second", False),
)


def learning_curves(
    histories: Mapping[int, Sequence[Mapping[str, Any]]], best: Mapping[int, int] | None = None
) -> Sheet:
    """Show loss, scores, learning rate and speed of every fold over the epochs.

    Args:
        histories: epochs by fold, each with `epoch` (from 1), `loss`, `score`, `all_empty`,
            `dice_on_defects`, `false_alarms`, `learning_rate` and `pictures_a_second`; None stands for
            a value that is undefined or was not measured.
        best: number of the best epoch by fold, which gets a ring; None for no rings.

    Example:
        >>> epoch = {"epoch": 1, "loss": 0.7, "score": 0.9, "all_empty": 0.86, "dice_on_defects": 0.5}
        >>> epoch |= {"false_alarms": 0.02, "learning_rate": 1e-3, "pictures_a_second": 40.0}
        >>> figure = learning_curves({0: [epoch, epoch | {"epoch": 2, "loss": 0.5}]})
        >>> figure.axes[0].lines[0].get_ydata().tolist()
        [0.7, 0.5]
    """
    figure, axes = sheet(
        FIGURE_WIDTH,
        5.8,
        "Learning curves of the folds",
        "Rings mark the best epoch; the dotted line is the all-empty baseline. Speed includes validation.",
        rows=2,
        columns=3,
        sharex=True,
    )
    handles = []
    # Shades of one colour map: the colours of the palette stand for classes.
    shades = colormaps["viridis"](np.linspace(0, 0.85, max(len(histories), 1)))
    for order, ((fold, epochs), shade) in enumerate(zip(histories.items(), shades, strict=False)):
        look = {
            "color": shade,
            "linestyle": LINES[order % len(LINES)],
            "marker": MARKERS[order % len(MARKERS)],
            "markeredgecolor": "black",
            "markeredgewidth": 0.4,
            "linewidth": 1.6,
        }
        handles.append(Line2D([], [], label=f"fold {fold}", **look))
        at = [epoch["epoch"] for epoch in epochs]
        ring = next((epoch for epoch in epochs if best and epoch["epoch"] == best.get(fold)), None)
        for place, (key, _, _, ringed) in zip(axes.flat, _PANELS, strict=True):
            values = [math.nan if epoch[key] is None else epoch[key] for epoch in epochs]
            place.plot(at, values, markersize=4.5, markevery=max(1, len(at) // 10), **look)
            if ring and ringed and ring[key] is not None:
                place.plot(ring["epoch"], ring[key], "o", markersize=11, fillstyle="none", color="black")
    empty = sorted({epoch["all_empty"] for epochs in histories.values() for epoch in epochs})
    for level in empty:
        axes[0, 1].axhline(level, color=GREY, linestyle=":", linewidth=1.2)
    if empty:
        handles.append(Line2D([], [], color=GREY, linestyle=":", label="all-empty baseline"))
    for place, (key, title, unit, _) in zip(axes.flat, _PANELS, strict=True):
        dress(place, "epoch" if place in axes[-1] else "", unit, grid="both")
        place.set_title(title, fontsize=TEXT_SIZE + 1, loc="left")
        place.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if key in ("learning_rate", "pictures_a_second", "false_alarms"):
            place.set_ylim(bottom=0)
        # Plain numbers: a factor above the axis would push the title aside.
        place.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if handles:
        legend_below(figure, handles)
    return figure
