"""The contribution of each part of each class's rule, as a figure."""

from matplotlib.patches import Patch

from severstal.decision.explain import Explanation
from severstal.evaluation.labels import class_label
from severstal.report.palette import (
    FIGURE_WIDTH,
    TEXT_SIZE,
    Sheet,
    colour,
    dress,
    empty_sheet,
    legend_below,
    sheet,
)

_NAMES = {
    "whole rule": "whole rule",
    "gate": "gate",
    "low": "low threshold",
    "min_area": "minimum area",
    "refine": "refinement",
    "fill_holes": "hole filling",
    "exclusive": "exclusive classes",
    "min_component": "minimum component",
}


def rule_parts(explained: Explanation) -> Sheet:
    """Show the contribution of each part of a rule to the mean Dice of its class.

    Args:
        explained: explanation from `decision.explain.explain_rules`.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> from severstal.decision.explain import RulePart
        >>> part = RulePart(1, "gate", "veto 0.4", 0.9, 0.85)
        >>> figure = rule_parts(Explanation(Spec("tiny", (4, 4), ("hole",)), (part,), ()))
        >>> round(float(figure.axes[0].patches[0].get_width()), 4)
        0.05
    """
    spec = explained.spec
    # Of a class that is never predicted the minimum area only says so: it is larger than any picture.
    used = [part for part in explained.parts if part.class_id not in explained.never]
    parts = [part for part in used if part.part == "whole rule" or abs(part.worth) >= 5e-5]
    idle = len(used) - len(parts)
    title = "Contribution of each part of a rule"
    never = ", ".join(class_label(spec, class_id) for class_id in explained.never)
    never = f" Never predicted, and left out: {never}." if never else ""
    if not parts:
        return empty_sheet(title, never.strip() or "No part has an effect.")
    note = (
        "Mean Dice of the class with the whole rule, minus that with only this part switched off. Gate and "
        "minimum area remove some of the same false alarms, so that contributions do not add up."
    )
    if idle:
        note += f" {idle} parts without an effect are left out."
    note += never
    if explained.unseen:
        note += f" Not measured here: {'; '.join(explained.unseen)}."
    classes = list(dict.fromkeys(part.class_id for part in parts))
    figure, ((axes,),) = sheet(
        FIGURE_WIDTH,
        0.6 + 0.25 * (len(parts) + 1.3 * len(classes)),
        title,
        note,
    )
    y, ticks, headings = 0.0, {}, []
    for class_id in classes:
        ticks[y] = class_label(spec, class_id)
        headings.append(len(ticks) - 1)
        y += 1
        for part in (part for part in parts if part.class_id == class_id):
            whole = part.part == "whole rule"
            axes.barh(
                y,
                part.worth,
                height=0.7,
                color=colour(class_id) if whole else "white",
                hatch=None if whole else "////",
                edgecolor="black",
                linewidth=0.6,
            )
            axes.text(
                1.0,
                y,
                f"{round(part.worth, 4) + 0.0:+.4f}",
                va="center",
                ha="right",
                fontsize=TEXT_SIZE - 1,
                transform=axes.get_yaxis_transform(),
            )
            ticks[y] = f"{_NAMES[part.part]} ({part.setting})"
            y += 1
        y += 0.3
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.set_ylim(max(y, 1) - 0.6, -0.6)
    worths = [part.worth for part in parts] or [0]
    wide = max(max(worths) - min(min(worths), 0), 1e-4)
    axes.set_xlim(min(min(worths), 0) - 0.02 * wide, max(max(worths), 0) + 0.15 * wide)
    dress(axes, x="contribution to the mean Dice of the class", grid="x")
    axes.tick_params(axis="y", length=0, labelsize=TEXT_SIZE - 1)
    for heading in headings:
        axes.get_yticklabels()[heading].set_fontweight("bold")
    legend_below(
        figure,
        [
            Patch(facecolor="#808080", edgecolor="black", label="whole rule, against plain 0.5"),
            Patch(facecolor="white", hatch="////", edgecolor="black", label="one part, with the others kept"),
        ],
    )
    return figure
