"""What each kind of gate is worth, on images that its rules were not searched on."""

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from severstal.competition.spec import Spec
from severstal.decision.crossfit import cross_fit
from severstal.decision.search import SearchSettings
from severstal.decision.summary import Summary
from severstal.evaluation.labels import class_label, shorten
from severstal.report.palette import GREY, TEXT_SIZE, WIDTH, Sheet, colour, dress, legend_below, sheet

KINDS = {"none": "none", "veto": "veto", "soft": "soft product", "area": "area scaled"}


def gate_worth(summary: Summary, folds: np.ndarray, settings: SearchSettings | None = None) -> pd.DataFrame:
    """Search with one kind of gate at a time, each beside no gate at all.

    Args:
        summary: of maps and truth.
        folds: (N,) the fold of each image.
        settings: of the search, whose gates are divided by their mode.

    Returns:
        A row a mode and class: `mode`, `class_id`, and mean Dice less that of drawing nothing, `cross_fitted`
        over the folds and `searched` on the same images.
    """
    settings = settings or SearchSettings()
    rows = []
    for mode in dict.fromkeys(gate.mode for gate in settings.gates):
        gates = tuple(gate for gate in settings.gates if gate.mode in ("none", mode))
        fitted = cross_fit(summary, folds, replace(settings, gates=gates))
        for held_out, seen in zip(fitted.score.classes, fitted.searched.classes, strict=True):
            rows.append(
                {
                    "mode": mode,
                    "class_id": held_out.class_id,
                    "cross_fitted": held_out.score - held_out.all_empty,
                    "searched": seen.score - seen.all_empty,
                }
            )
    return pd.DataFrame(rows)


def gates(worth: pd.DataFrame, spec: Spec) -> Sheet:
    """Show what each kind of gate lets a class gain.

    Args:
        worth: as `gate_worth` gives it.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> rows = [("none", k, 0.1, 0.12) for k in SEVERSTAL.class_ids]
        >>> worth = pd.DataFrame(rows, columns=["mode", "class_id", "cross_fitted", "searched"])
        >>> [float(x) for x in gates(worth, SEVERSTAL).axes[0].lines[-2].get_xdata()]
        [0.1]
    """
    columns = min(4, len(spec.classes))
    rows = -(-len(spec.classes) // columns)
    modes = list(dict.fromkeys(worth["mode"]))
    figure, axes = sheet(
        WIDTH,
        0.4 + rows * (0.85 + 0.27 * len(modes)),
        "What each kind of gate is worth",
        "Mean Dice of the class above drawing nothing, where rules may use this kind of gate or none. "
        "Only the filled mark counts: it is of images that the rules were not searched on.",
        rows=rows,
        columns=columns,
        sharey=True,
    )
    for place in axes.flat[len(spec.classes) :]:
        place.remove()
    for class_id, place in zip(spec.class_ids, axes.flat, strict=False):
        own = worth[worth["class_id"] == class_id].set_index("mode").loc[modes]
        place.axvline(own.loc[modes[0], "cross_fitted"], color=GREY, linestyle=":", linewidth=1.2)
        for row, mode in enumerate(modes):
            held_out, seen = own.loc[mode, ["cross_fitted", "searched"]]
            place.plot([held_out, seen], [row, row], color=GREY, linewidth=1.2)
            place.plot([held_out], [row], "o", markersize=8, color=colour(class_id), markeredgecolor="black")
            place.plot([seen], [row], "o", markersize=6, color="white", markeredgecolor="black")
        place.set_yticks(range(len(modes)), [KINDS[mode] for mode in modes])
        place.set_ylim(len(modes) - 0.5, -0.5)
        place.margins(x=0.12)
        place.set_title(
            shorten(class_label(spec, class_id), 80 // columns), fontsize=TEXT_SIZE, loc="left", pad=3
        )
        place.xaxis.set_major_locator(MaxNLocator(3))
        dress(place, x="above nothing", grid="x")
        place.tick_params(labelsize=TEXT_SIZE - 1)
    legend_below(
        figure,
        [
            Line2D(
                [],
                [],
                marker="o",
                linestyle="none",
                markersize=8,
                color=GREY,
                markeredgecolor="black",
                label="cross-fitted",
            ),
            Line2D(
                [],
                [],
                marker="o",
                linestyle="none",
                markersize=6,
                color="white",
                markeredgecolor="black",
                label="on the images searched on",
            ),
            Line2D([], [], color=GREY, linestyle=":", linewidth=1.2, label="cross-fitted without a gate"),
        ],
    )
    return figure
