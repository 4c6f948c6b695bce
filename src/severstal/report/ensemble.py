"""The weights of an ensemble's members, as a figure."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from severstal.evaluation.labels import truncate
from severstal.inference.ensemble import Selection
from severstal.report.palette import (
    FIGURE_WIDTH,
    GREY,
    LINES,
    MARKERS,
    Sheet,
    dress,
    legend_below,
    sheet,
)

_NAME_LENGTH = 18  # letters of a run's name that figures have room for


def member_table(selection: Selection) -> pd.DataFrame:
    """Format the weights and the held-out soft Dice of each member, of equal weights and of the selection.

    Args:
        selection: selection from `select_weights`.

    Returns:
        One row per member, one for equal weights and one for the selection: `weight`, `soft Dice`.

    Example:
        >>> scores = {"selected": 0.9, "uniform": 0.8, "single": np.array([0.7, 0.6])}
        >>> weights = np.array([0.6, 0.4])
        >>> selection = Selection(("a", "b"), weights, (0, 1), np.stack([weights] * 2), **scores)
        >>> member_table(selection)["soft Dice"].tolist()
        [0.7, 0.6, 0.8, 0.9]
    """
    weights = [*selection.weights.tolist(), None, None]
    scores = [*selection.single.tolist(), selection.uniform, selection.selected]
    names = [*selection.runs, "equal weights", "selected"]
    return pd.DataFrame({"weight": weights, "soft Dice": scores}, index=names).rename_axis("member")


def member_weights(selection: Selection, folds: Sequence[int]) -> Sheet:
    """Show the weights found without each fold beside their mean and equal weights, and the soft Dice.

    Args:
        selection: selection from `select_weights`.
        folds: numbers of the folds, ascending.

    Example:
        `member_weights(select_weights(overlap, folds), [0, 1, 2])`
    """
    members = len(selection.runs)
    names = [truncate(name, _NAME_LENGTH) for name in selection.runs]
    figure, ((left, right),) = sheet(
        FIGURE_WIDTH,
        1.1 + 0.34 * (members + 2),
        "Weights and soft Dice of the members",
        "Left: weights found on all folds but one, and their mean (bar). Right: soft Dice on held-out "
        "images; selecting weights pays only where it beats equal weights.",
        columns=2,
    )
    rows = np.arange(members)
    left.barh(rows, selection.weights, height=0.6, color="#C4C4C4", edgecolor="black", linewidth=0.6)
    handles = []
    for place, (fold, weights) in enumerate(zip(folds, selection.by_fold, strict=True)):
        look = {"marker": MARKERS[place % len(MARKERS)], "color": "white", "markeredgecolor": "black"}
        offset = (place - (len(selection.by_fold) - 1) / 2) * 0.5 / max(len(selection.by_fold), 1)
        left.plot(weights, rows + offset, linestyle="none", markersize=7, **look)
        handles.append(Line2D([], [], linestyle="none", markersize=7, label=f"without fold {fold}", **look))
    left.axvline(1 / members, color=GREY, linestyle=LINES[1], linewidth=1.2)
    handles.append(Line2D([], [], color=GREY, linestyle=LINES[1], linewidth=1.2, label="equal weights"))
    left.set_yticks(rows, names)
    left.set_ylim(members - 0.5, -0.5)
    left.set_xlim(left=0)
    dress(left, x="weight", grid="x")
    scores = [*selection.single.tolist(), selection.uniform, selection.selected]
    labels = [*names, "equal weights", "selected"]
    for row, score in enumerate(scores):
        whole = row >= members
        right.plot(
            score, row, "o", color="black" if whole else "white", markeredgecolor="black", markersize=8
        )
        right.annotate(
            f"{score:.4f}", (score, row), (7, 0), textcoords="offset points", va="center", fontsize=9
        )
    right.axvline(selection.uniform, color=GREY, linestyle=":", linewidth=1)
    right.set_yticks(range(len(labels)), labels)
    right.set_ylim(len(labels) - 0.5, -0.5)
    right.margins(x=0.25)
    right.locator_params(axis="x", nbins=4)
    dress(right, x="mean soft Dice", grid="x")
    legend_below(figure, handles)
    return figure
