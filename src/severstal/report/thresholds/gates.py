"""The gain of each mode of gate, as a figure."""

import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_label, truncate
from severstal.report.palette import (
    FIGURE_WIDTH,
    GREY,
    TEXT_SIZE,
    Sheet,
    colour,
    dress,
    empty_sheet,
    legend_below,
    sheet,
)

_MODES = {"none": "none", "veto": "veto", "soft": "soft product", "area": "area scaled"}


def gate_gains(gains: pd.DataFrame, spec: Spec) -> Sheet:
    """Show the change of the gain of each class by mode of gate, against rules without a gate.

    All classes have one scale. Classes that no rule predicts are left out.

    Args:
        gains: gains from `compare_gate_modes`.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> rows = [("none", k, 0.1, 0.12) for k in SEVERSTAL.class_ids]
        >>> gains = pd.DataFrame(rows, columns=["mode", "class_id", "cross_fitted", "searched"])
        >>> [float(x) for x in gate_gains(gains, SEVERSTAL).axes[0].lines[-2].get_xdata()]
        [0.0]
    """
    title = "Gain by mode of gate"
    values = gains.groupby("class_id")[["cross_fitted", "searched"]].agg(lambda column: column.abs().max())
    shown = [k for k in spec.class_ids if values.loc[k].max() > 0]
    names = ", ".join(class_label(spec, k) for k in spec.class_ids if k not in shown)
    never = f" Never predicted, and left out: {names}." if names else ""
    if not shown:
        return empty_sheet(title, never.strip())
    columns = min(4, len(shown))
    rows = -(-len(shown) // columns)
    modes = list(dict.fromkeys(gains["mode"]))
    figure, axes = sheet(
        max(6.0, FIGURE_WIDTH * columns / 4),
        0.4 + rows * (0.95 + 0.27 * len(modes)),
        title,
        "Mean Dice of the class under rules with this mode of gate or without a gate, minus that of "
        "cross-fitted rules without a gate. Only the filled marks are unbiased: they are of images that the "
        f"rules were not searched on.{never}",
        rows=rows,
        columns=columns,
        sharey=True,
        sharex=True,
    )
    for place in axes.flat[len(shown) :]:
        place.remove()
    for class_id, place in zip(shown, axes.flat, strict=False):
        own = gains[gains["class_id"] == class_id].set_index("mode").loc[modes]
        without = own.loc[modes[0], "cross_fitted"]
        place.axvline(0, color=GREY, linestyle=":", linewidth=1.2)
        for row, mode in enumerate(modes):
            held_out, seen = own.loc[mode, ["cross_fitted", "searched"]] - without
            place.plot([held_out, seen], [row, row], color=GREY, linewidth=1.2)
            place.plot([held_out], [row], "o", markersize=8, color=colour(class_id), markeredgecolor="black")
            place.plot([seen], [row], "o", markersize=6, color="white", markeredgecolor="black")
        place.set_yticks(range(len(modes)), [_MODES[mode] for mode in modes])
        place.set_ylim(len(modes) - 0.5, -0.5)
        place.margins(x=0.12)
        name = truncate(class_label(spec, class_id), 80 // columns)
        said = f"{name}\nwithout a gate {without:+.4f}"
        place.set_title(said, fontsize=TEXT_SIZE, loc="left", pad=3)
        place.xaxis.set_major_locator(MaxNLocator(3))
        dress(place, x="change in Dice" if place in axes[-1] or rows == 1 else "", grid="x")
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
                label="on the searched images",
            ),
            Line2D([], [], color=GREY, linestyle=":", linewidth=1.2, label="cross-fitted without a gate"),
        ],
    )
    return figure
