"""Where the missing points went, kind by kind and class by class."""

import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_labels
from severstal.report.errors.table import KINDS, NAMES
from severstal.report.palette import TEXT_SIZE, WIDTH, Sheet, dress, legend_below, sheet

LOOKS = {
    "missed": {"facecolor": "#303030"},
    "false alarm": {"facecolor": "white", "hatch": "////"},
    "outline": {"facecolor": "#BDBDBD"},
}


def points_lost(errors: pd.DataFrame, spec: Spec) -> Sheet:
    """Show how many points of the score each kind of error took in each class.

    Args:
        errors: a row a pair, as `pair_errors` gives them.
        spec: names the classes.

    Example:
        >>> errors = pd.DataFrame({"ClassId": [1, 1], "kind": ["missed", "right"], "lost": [0.5, 0.0]})
        >>> figure = points_lost(errors.assign(true=[9, 0]), Spec("tiny", (4, 4), ("hole",)))
        >>> [float(bar.get_width()) for bar in figure.axes[0].patches]
        [0.5, 0.0, 0.0]
    """
    rows = np.arange(len(spec.classes))
    by_kind = {kind: errors[errors["kind"] == kind].groupby("ClassId") for kind in KINDS}
    lost = {
        kind: own["lost"].sum().reindex(spec.class_ids, fill_value=0).to_numpy()
        for kind, own in by_kind.items()
    }
    whole = sum(lost.values())
    parts = ", ".join(f"{NAMES[kind]} {lost[kind].sum():.4f}" for kind in KINDS)
    figure, ((axes,),) = sheet(
        WIDTH,
        1.1 + 0.36 * len(rows),
        "Where the missing points went",
        f"The score is {1 - whole.sum():.4f}; it lacks {whole.sum():.4f}: {parts}. Right of each bar: how "
        "many pairs were missed, were false alarms, were found.",
    )
    start = np.zeros(len(rows))
    for kind in KINDS:
        axes.barh(rows, lost[kind], left=start, edgecolor="black", linewidth=0.6, **LOOKS[kind])
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
        [Patch(edgecolor="black", linewidth=0.6, label=NAMES[kind], **LOOKS[kind]) for kind in KINDS],
    )
    return figure
