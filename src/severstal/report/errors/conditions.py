"""Error rates by group as a figure."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from severstal.report.palette import FIGURE_WIDTH, GREY, TEXT_SIZE, Sheet, dress, sheet

_TITLES = {
    "detection": "Defects found",
    "dice": "Dice on defects (missed: 0)",
    "alarms": "False alarms (empty pairs)",
}


def error_conditions(rates: pd.DataFrame) -> Sheet:
    """Show detection, Dice and false alarms of each group, with their intervals.

    Args:
        rates: one row per group, as `error_rates` returns them.

    Example:
        >>> row = {"condition": "all pairs", "group": "", "defects": 4, "empty": 0}
        >>> for name in ("detection", "dice", "alarms"):
        ...     row |= {name: 0.5, f"{name}_low": 0.2, f"{name}_high": 0.8}
        >>> figure = error_conditions(pd.DataFrame([row]))
        >>> [axes.get_title(loc="left").split("\\n")[0] for axes in figure.axes]
        ['Defects found', 'Dice on defects (missed: 0)', 'False alarms (empty pairs)']
    """
    blocks = rates["condition"].ne(rates["condition"].shift()).cumsum() - 1
    places = (
        np.arange(len(rates)) + blocks.to_numpy()
    )  # each block but the first begins with a line for its name
    height = 0.23 * (places.max() + 1) + 0.9
    figure, (row,) = sheet(
        FIGURE_WIDTH,
        height,
        "Error rates by group",
        "Dots with 95 % intervals. Dotted: all pairs. Grey numbers: pairs in the group. Conditions are "
        "correlated (dark pictures, for instance, are often of one class): a difference is not yet a cause.",
        columns=3,
        sharey=True,
    )
    for axes, name in zip(row, _TITLES, strict=True):
        _intervals(axes, rates, places, name)
    lines = dict(zip(places.tolist(), rates["group"], strict=True))
    for block, condition in rates["condition"].groupby(blocks).first().items():
        first = int(np.flatnonzero(blocks == block)[0])
        lines[int(places[first]) - (block > 0)] = condition
    row[0].set_yticks(list(lines), list(lines.values()))
    for text in row[0].get_yticklabels():
        text.set_fontweight("bold" if text.get_text() in set(rates["condition"]) else "normal")
    row[0].set_ylim(places.max() + 0.7, -0.7)
    return figure


def _intervals(axes: Axes, rates: pd.DataFrame, places: np.ndarray, name: str) -> None:
    """One measure of all groups."""
    value, low, high = (rates[f"{name}{end}"].to_numpy() for end in ("", "_low", "_high"))
    numbers = rates["empty" if name == "alarms" else "defects"].to_numpy()
    known = np.isfinite(value)
    axes.plot([low[known], high[known]], [places[known]] * 2, color="black", linewidth=1.4)
    axes.plot(value[known], places[known], "o", color="black", markersize=5)
    if known.any() and known[0]:
        axes.axvline(value[0], color=GREY, linestyle=":", linewidth=1.2)
    top = max(1e-3, 1.0 if name != "alarms" else 1.1 * np.max(high[known], initial=0))
    for place, number, shown in zip(places, numbers, known, strict=True):
        if shown:
            axes.text(
                1.03 * top,
                place,
                f"{number:,}",
                ha="left",
                va="center",
                fontsize=TEXT_SIZE - 1.5,
                color=GREY,
            )
    axes.set_xlim(0, 1.2 * top)
    axes.locator_params(axis="x", nbins=5)
    axes.set_title(_TITLES[name], fontsize=TEXT_SIZE, loc="left", pad=4)
    dress(axes, x="share" if name != "dice" else "mean Dice", grid="x")
    axes.tick_params(axis="y", length=0, labelsize=TEXT_SIZE - 1)
