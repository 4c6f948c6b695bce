"""The gains of plain, searched and cross-fitted rules over the all-empty baseline, as a figure."""

import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label, truncate
from severstal.report.palette import FIGURE_WIDTH, GREY, TEXT_SIZE, Sheet, colour, dress, legend_below, sheet

_RULES = {
    "plain": "plain 0.5",
    "searched": "searched",
    "cross_fitted": "cross-fitted",
}


def search_gains(gains: pd.DataFrame, spec: Spec) -> Sheet:
    """Show the gains of plain, searched and cross-fitted rules over the all-empty baseline.

    Args:
        gains: gains from `gains_over_all_empty`.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> rows = [("plain", k, 0.8, 0.75, 0.05, 0.04, 0.06) for k in range(5)]
        >>> names = ["rules", "class_id", "score", "all_empty", "gain", "low", "high"]
        >>> search_gains(pd.DataFrame(rows, columns=names), SEVERSTAL).axes[0].get_title(loc="left")
        'all classes\\nall-empty: 0.7500'
    """
    drawn = gains.groupby("class_id")["gain"].agg(lambda column: column.abs().max() > 0)
    ids = [0, *(class_id for class_id in spec.class_ids if drawn.get(class_id, False))]
    never = ", ".join(class_label(spec, class_id) for class_id in spec.class_ids if class_id not in ids)
    columns = min(5, len(ids))
    rows = -(-len(ids) // columns)
    names = list(dict.fromkeys(gains["rules"]))
    figure, axes = sheet(
        FIGURE_WIDTH,
        0.3 + rows * (1.15 + 0.36 * len(names)),
        "Searched and cross-fitted rules",
        "Gain over the all-empty baseline with its 95 % interval, a bootstrap over groups of images; the "
        "number is the score itself. What cross-fitting does not confirm of a searched gain is overfitting."
        + (f" Never predicted, and left out: {never}." if never else ""),
        rows=rows,
        columns=columns,
        sharey=True,
    )
    for place in axes.flat[len(ids) :]:
        place.remove()
    for class_id, place in zip(ids, axes.flat, strict=False):
        own = gains[gains["class_id"] == class_id].set_index("rules").loc[names]
        place.axvline(0, color="black", linestyle="--", linewidth=1)
        for row, (name, values) in enumerate(own.iterrows()):
            place.plot([values["low"], values["high"]], [row, row], color="black", linewidth=1.6)
            fill = "#4D4D4D" if class_id == 0 else colour(class_id)
            place.plot(
                values["gain"],
                row,
                marker="o" if name == "cross_fitted" else "s" if name == "plain" else "D",
                markersize=8,
                markerfacecolor=fill if name == "cross_fitted" else "white",
                markeredgecolor="black",
            )
            place.text(
                values["gain"],
                row - 0.22,
                f"{values['score']:.4f}",
                ha="center",
                va="bottom",
                fontsize=8.5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )
        place.set_yticks(range(len(names)), [_RULES[name] for name in names])
        place.set_ylim(len(names) - 0.6, -0.75)
        place.margins(x=0.22)
        title = "all classes" if class_id == 0 else truncate(class_label(spec, class_id), 80 // columns)
        all_empty = own["all_empty"].iloc[0]
        place.set_title(f"{title}\nall-empty: {all_empty:.4f}", fontsize=TEXT_SIZE, loc="left", pad=4)
        place.xaxis.set_major_locator(MaxNLocator(3))
        dress(place, x="gain", grid="x")
        place.tick_params(labelsize=TEXT_SIZE - 1)
    line = {"linestyle": "none", "markersize": 8, "markeredgecolor": "black"}
    legend_below(
        figure,
        [
            Line2D([], [], marker="s", markerfacecolor="white", label="0.5, no minimum area", **line),
            Line2D(
                [], [], marker="D", markerfacecolor="white", label="searched on these images (biased)", **line
            ),
            Line2D([], [], marker="o", markerfacecolor=GREY, label="searched on the other folds", **line),
            Line2D([], [], color="black", linestyle="--", linewidth=1, label="all-empty baseline"),
        ],
    )
    return figure
