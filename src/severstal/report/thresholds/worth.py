"""What the search for rules is worth: plain 0.5, searched and cross-fitted, each above submitting nothing."""

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from severstal.competition.metric import pair_dice
from severstal.competition.spec import Spec
from severstal.decision.crossfit import CrossFit
from severstal.decision.rules import plain_rules
from severstal.decision.score import pair_areas
from severstal.decision.summary import Summary
from severstal.evaluation.bootstrap import paired
from severstal.evaluation.labels import class_label, shorten
from severstal.report.palette import GREY, TEXT_SIZE, WIDTH, Sheet, colour, dress, legend_below, sheet

RULES = {
    "plain": "plain 0.5",
    "searched": "searched here",
    "cross_fitted": "cross-fitted",
}


def search_worth(summary: Summary, fitted: CrossFit, groups: np.ndarray) -> pd.DataFrame:
    """Score plain, searched and cross-fitted rules, with the interval of what they gain over nothing.

    The first two are told from the summary, the last from how `fitted` drew the images: what a recipe adds to
    rules by hand (components, holes, exclusive classes) counts there alone.

    Args:
        summary: that `fitted` was searched on.
        fitted: rules of each fold, and of all of them.
        groups: (N,) group of each image; images of a group are resampled together.

    Returns:
        A row a rule and class, and class 0 for all: `rules`, `class_id`, `score`, `nothing` (the score of
        drawing nothing), `gain` above it, and `low` and `high`, the ends of its 95 % interval.
    """
    spec = summary.spec
    dice = {
        "plain": pair_dice(*pair_areas(summary, plain_rules(spec))),
        "searched": pair_dice(*pair_areas(summary, fitted.result.rules)),
        "cross_fitted": fitted.dice,
    }
    nothing = (summary.true == 0).astype(np.float64)
    rows = []
    for name, each in dice.items():
        for class_id in (0, *spec.class_ids):
            taken = slice(None) if class_id == 0 else slice(class_id - 1, class_id)
            gain = paired(each[:, taken], nothing[:, taken], groups)
            rows.append(
                {
                    "rules": name,
                    "class_id": class_id,
                    "score": float(each[:, taken].mean()),
                    "nothing": float(nothing[:, taken].mean()),
                    "gain": gain.mean,
                    "low": gain.low,
                    "high": gain.high,
                }
            )
    return pd.DataFrame(rows)


def search_gains(worth: pd.DataFrame, spec: Spec) -> Sheet:
    """Show what plain, searched and cross-fitted rules gain over submitting nothing.

    Args:
        worth: as `search_worth` gives it.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> rows = [("plain", k, 0.8, 0.75, 0.05, 0.04, 0.06) for k in range(5)]
        >>> names = ["rules", "class_id", "score", "nothing", "gain", "low", "high"]
        >>> search_gains(pd.DataFrame(rows, columns=names), SEVERSTAL).axes[0].get_title(loc="left")
        'all classes\\nnothing: 0.7500'
    """
    ids = [0, *spec.class_ids]
    columns = min(5, len(ids))
    rows = -(-len(ids) // columns)
    names = list(dict.fromkeys(worth["rules"]))
    figure, axes = sheet(
        WIDTH,
        0.3 + rows * (1.15 + 0.36 * len(names)),
        "Searched, and searched honestly",
        "Score above submitting nothing, with its 95 % interval over resampled groups of images; the number "
        "is the score itself. What the search finds on these very images and the cross-fit does not confirm "
        "is learnt by heart.",
        rows=rows,
        columns=columns,
        sharey=True,
    )
    for place in axes.flat[len(ids) :]:
        place.remove()
    for class_id, place in zip(ids, axes.flat, strict=False):
        own = worth[worth["class_id"] == class_id].set_index("rules").loc[names]
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
        place.set_yticks(range(len(names)), [RULES[name] for name in names])
        place.set_ylim(len(names) - 0.6, -0.75)
        place.margins(x=0.22)
        title = "all classes" if class_id == 0 else shorten(class_label(spec, class_id), 80 // columns)
        nothing = own["nothing"].iloc[0]
        place.set_title(f"{title}\nnothing: {nothing:.4f}", fontsize=TEXT_SIZE, loc="left", pad=4)
        place.xaxis.set_major_locator(MaxNLocator(3))
        dress(place, x="above nothing", grid="x")
        place.tick_params(labelsize=TEXT_SIZE - 1)
    line = {"linestyle": "none", "markersize": 8, "markeredgecolor": "black"}
    legend_below(
        figure,
        [
            Line2D([], [], marker="s", markerfacecolor="white", label="0.5, no minimum area", **line),
            Line2D([], [], marker="D", markerfacecolor="white", label="searched on these images", **line),
            Line2D([], [], marker="o", markerfacecolor=GREY, label="searched on the other folds", **line),
            Line2D([], [], color="black", linestyle="--", linewidth=1, label="submitting nothing"),
        ],
    )
    return figure
