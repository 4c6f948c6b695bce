"""The points lost to each kind of error in each class, as a figure."""

import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from severstal.competition.spec import Spec
from severstal.evaluation.errors import ERROR_KINDS, ERROR_NAMES
from severstal.evaluation.labels import class_labels
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, dress, legend_below, sheet

_LOOKS = {
    "missed": {"facecolor": "#303030"},
    "false alarm": {"facecolor": "white", "hatch": "////"},
    "outline": {"facecolor": "#BDBDBD"},
}


def points_lost(errors: pd.DataFrame, spec: Spec) -> Sheet:
    """Show how many points of the score each kind of error loses in each class.

    Args:
        errors: one row per pair, as `pair_errors` returns them.
        spec: names the classes.

    Example:
        >>> errors = pd.DataFrame({"ClassId": [1, 1], "kind": ["missed", "right"], "lost": [0.5, 0.0]})
        >>> figure = points_lost(errors.assign(true=[9, 0]), Spec("tiny", (4, 4), ("hole",)))
        >>> [float(bar.get_width()) for bar in figure.axes[0].patches]
        [0.5, 0.0, 0.0]
    """
    rows = np.arange(len(spec.classes))
    by_kind = {kind: errors[errors["kind"] == kind].groupby("ClassId") for kind in ERROR_KINDS}
    lost = {
        kind: own["lost"].sum().reindex(spec.class_ids, fill_value=0).to_numpy()
        for kind, own in by_kind.items()
    }
    whole = sum(lost.values())
    parts = ", ".join(f"{ERROR_NAMES[kind]} {lost[kind].sum():.4f}" for kind in ERROR_KINDS)
    figure, ((axes,),) = sheet(
        FIGURE_WIDTH,
        1.1 + 0.36 * len(rows),
        "Points lost by kind of error",
        f"The score is {1 - whole.sum():.4f}; {whole.sum():.4f} are lost: {parts}. Right of each bar: the "
        "number of missed defects / false alarms / found defects.",
    )
    start = np.zeros(len(rows))
    for kind in ERROR_KINDS:
        axes.barh(rows, lost[kind], left=start, edgecolor="black", linewidth=0.6, **_LOOKS[kind])
        start = start + lost[kind]
    counts = np.array([own.size().reindex(spec.class_ids, fill_value=0) for own in by_kind.values()])
    right = errors["kind"].eq("right") & (errors["true"] > 0)
    counts[-1] += errors[right].groupby("ClassId").size().reindex(spec.class_ids, fill_value=0)
    for row, number in enumerate(counts.T):
        text = " / ".join(f"{each:,}" for each in number)
        axes.annotate(
            text, (start[row], row), (5, 0), textcoords="offset points", va="center", fontsize=TEXT_SIZE
        )
    axes.set_yticks(rows, class_labels(spec))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1.25 * start.max() or 1)
    dress(axes, x="points of the score over all pairs", grid="x")
    legend_below(
        figure,
        [
            Patch(edgecolor="black", linewidth=0.6, label=ERROR_NAMES[kind], **_LOOKS[kind])
            for kind in ERROR_KINDS
        ],
    )
    return figure
