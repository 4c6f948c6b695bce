"""The rules searched without each fold beside those searched on all folds, as a table and a figure."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from severstal.competition.spec import Spec
from severstal.decision.crossfit import CrossFit
from severstal.decision.rules import ClassRule, Rules
from severstal.evaluation.labels import class_label, class_labels
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


def _named_rules(fitted: CrossFit) -> Iterator[tuple[str, Rules]]:
    """The rules searched without each fold, and those searched on all, by name."""
    for fold, rules in fitted.rules.items():
        yield f"without fold {fold}", rules
    yield "all folds", fitted.result.rules


def rules_table(fitted: CrossFit, spec: Spec) -> pd.DataFrame:
    """Format the rules of every class, searched without each fold and on all of them.

    Args:
        fitted: the rules.
        spec: names the classes.

    Returns:
        Strings, one row per class and search: gate, thresholds and minimum area in pixels, or "never drawn".

    Example:
        `rules_table(fitted, spec).xs("all folds", level="searched on")`
    """
    rows = []
    for index, label in enumerate(class_labels(spec)):
        for name, rules in _named_rules(fitted):
            rule = rules.rules[index]
            never = rule.is_never_drawn(spec)
            rows.append(
                {
                    "class": label,
                    "searched on": name,
                    "gate": "never drawn" if never else str(rule.gate),
                    "high": "" if never else f"{rule.high:g}",
                    "low": "" if never else f"{rule.low:g}",
                    "minimum area": "" if never else f"{rule.min_area:,}",
                }
            )
    return pd.DataFrame(rows).set_index(["class", "searched on"])


def rules_by_fold(fitted: CrossFit, spec: Spec) -> Sheet:
    """Show how much the rules change when a fold is left out of the search.

    Args:
        fitted: the rules.
        spec: names the classes.

    Example:
        `rules_by_fold(fitted, spec)` has one row per search.
    """
    searches = list(_named_rules(fitted))
    title = "Rules by fold"
    never = [
        all(rules.rules[k].is_never_drawn(spec) for _, rules in searches) for k in range(len(spec.classes))
    ]
    shown = [index for index, is_never in enumerate(never) if not is_never]
    names = ", ".join(class_label(spec, index + 1) for index, is_never in enumerate(never) if is_never)
    said = f" Never predicted, and left out: {names}." if names else ""
    if not shown:
        return empty_sheet(title, said.strip())
    figure, axes = sheet(
        FIGURE_WIDTH,
        0.75 + len(shown) * (0.42 + 0.22 * len(searches)),
        title,
        "One row per search. A value that changes little when a fold is left out is well determined; classes "
        f"with few defects change most.{said}",
        rows=len(shown),
        columns=3,
        width_ratios=[1, 1, 0.16],
        sharex="col",
    )
    largest = max(
        rules.rules[index].min_area
        for _, rules in searches
        for index in shown
        if not rules.rules[index].is_never_drawn(spec)
    )
    for index, (left, right, text) in zip(shown, axes, strict=True):
        for row, (name, rules) in enumerate(searches):
            _draw_rule(left, right, text, row, rules.rules[index], spec, index + 1, name == "all folds")
        text.axis("off")
        for place in (left, right, text):
            place.set_ylim(len(searches) - 0.5, -0.5)
            place.axhline(len(searches) - 1.5, color="#BBBBBB", linewidth=0.8)
            dress(place, grid="x")
        left.set_yticks(range(len(searches)), [name for name, _ in searches])
        right.set_yticks([])
        left.set_xlim(0, 1)
        left.set_title(class_label(spec, index + 1), fontsize=TEXT_SIZE, loc="left", pad=3)
        text.set_title("gate", fontsize=TEXT_SIZE, loc="left", pad=3)
        right.set_xscale("symlog", linthresh=10, linscale=0.4)
        right.set_xlim(-2, spec.pixels if spec.image_shape is not None else max(20, 2 * largest))
        right.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        right.xaxis.set_minor_formatter(NullFormatter())
    axes[-1, 0].set_xlabel("thresholds (probability)", fontsize=TEXT_SIZE)
    axes[-1, 1].set_xlabel("minimum area (pixels, logarithmic from 10)", fontsize=TEXT_SIZE)
    look = {"linestyle": "none", "markeredgecolor": "black", "markersize": 8}
    legend_below(
        figure,
        [
            Line2D([], [], marker="o", color="#808080", label="high threshold, minimum area", **look),
            Line2D([], [], marker="|", color="black", label="low threshold", **(look | {"markersize": 11})),
        ],
    )
    return figure


def _draw_rule(
    left: Axes, right: Axes, text: Axes, row: int, rule: ClassRule, spec: Spec, class_id: int, whole: bool
) -> None:
    """Draw one rule as one row of the axes."""
    if rule.is_never_drawn(spec):
        left.text(0.5, row, "never drawn", ha="center", va="center", fontsize=TEXT_SIZE - 1)
        return
    look = {"markersize": 10 if whole else 7, "color": colour(class_id), "markeredgecolor": "black"}
    left.plot([rule.low, rule.high], [row, row], color="black", linewidth=1.6)
    left.plot(rule.low, row, "|", markersize=11, markeredgewidth=1.8, color="black")
    left.plot(rule.high, row, "o", **look)
    right.plot(rule.min_area, row, "o", **look)
    text.text(0, row, str(rule.gate), va="center", fontsize=TEXT_SIZE - 1)
