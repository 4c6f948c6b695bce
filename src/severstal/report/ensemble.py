"""What several runs are worth together: how much they disagree, what each weighs, what that gains."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from severstal.decision.crossfit import CrossFit
from severstal.evaluation.bootstrap import interval
from severstal.evaluation.labels import shorten
from severstal.inference.ensemble import Selection
from severstal.report.palette import (
    GREY,
    LINES,
    MARKERS,
    WIDTH,
    Sheet,
    dress,
    legend_below,
    sheet,
)

_NAME_LENGTH = 18  # letters of a run's name that figures have room for


def folds_as_members(fitted: CrossFit, folds: np.ndarray, groups: np.ndarray) -> pd.DataFrame:
    """Describe one run's networks as what they are on the test images: an ensemble, a member a fold.

    Args:
        fitted: the cross-fitted rules of the run's out-of-fold maps.
        folds: (N,) fold of each image, whose network predicted it.
        groups: (N,) group of each image; images of a group are resampled together.

    Returns:
        A row a fold: `weight` on the test images, `images` held out, and on these `nothing` (the score of
        submitting nothing), `score` of the network, and `low` and `high`, the ends of its 95 % interval.
    """
    numbers = np.unique(folds)
    rows = {}
    for fold in numbers.tolist():
        held_out = folds == fold
        ends = interval(fitted.dice[held_out], groups[held_out])
        rows[fold] = {
            "weight": 1 / len(numbers),
            "images": int(held_out.sum()),
            "nothing": float((fitted.true[held_out] == 0).mean()),
            "score": ends.mean,
            "low": ends.low,
            "high": ends.high,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("network of fold")


def member_table(selection: Selection) -> pd.DataFrame:
    """Lay out what each member weighs, and what it, all alike and the selection are worth.

    Args:
        selection: as `select_weights` gives it.

    Returns:
        A row a member, one for all alike and one for the selection: `weight` as selected, `soft Dice` on
        images that the weights were not found on.

    Example:
        >>> scores = {"selected": 0.9, "uniform": 0.8, "single": np.array([0.7, 0.6])}
        >>> weights = np.array([0.6, 0.4])
        >>> selection = Selection(("a", "b"), weights, (0, 1), np.stack([weights] * 2), **scores)
        >>> member_table(selection)["soft Dice"].tolist()
        [0.7, 0.6, 0.8, 0.9]
    """
    weights = [*selection.weights.tolist(), None, None]
    scores = [*selection.single.tolist(), selection.uniform, selection.selected]
    names = [*selection.runs, "all alike", "selected"]
    return pd.DataFrame({"weight": weights, "soft Dice": scores}, index=names).rename_axis("member")


def member_weights(selection: Selection, folds: Sequence[int]) -> Sheet:
    """Show the weights found without each fold, beside their mean and equal weights, and what each is worth.

    Args:
        selection: as `select_weights` gives it.
        folds: numbers of the folds, ascending.
    """
    members = len(selection.runs)
    names = [shorten(name, _NAME_LENGTH) for name in selection.runs]
    figure, ((left, right),) = sheet(
        WIDTH,
        1.1 + 0.34 * (members + 2),
        "What each member weighs, and what it is worth",
        "Left: weights found on all folds but one, and their mean (bar). Right: soft Dice on the images that "
        "the weights were not found on; selecting pays only where it beats counting all alike.",
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
    labels = [*names, "all alike", "selected"]
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
