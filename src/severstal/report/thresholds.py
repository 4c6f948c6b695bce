"""What the search for the rules saw: each class's score over its threshold and its minimum area."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from severstal.competition.spec import Spec
from severstal.decision.search import SearchResult
from severstal.report.palette import (
    GREY,
    TEXT_SIZE,
    WIDTH,
    Sheet,
    class_label,
    colour,
    dress,
    legend_below,
    sheet,
)


@dataclass(frozen=True)
class ThresholdCurve:
    """The scores that one class would have had on the out-of-fold maps.

    Attributes:
        class_id: `ClassId`, from 1.
        thresholds: (T,) probabilities, rising.
        threshold_scores: (T,) mean Dice over the images, at the minimum area that suits each threshold best.
        min_areas: (A,) pixels, rising.
        area_scores: (A,) mean Dice over the images, at the chosen threshold.
        threshold: the one chosen.
        min_area: the one chosen, in pixels; more than a picture has where the class is never predicted.
        score: what both chosen give.
        plain: the score at 0.5 without a minimum area.
        all_empty: the score of predicting the class nowhere.
    """

    class_id: int
    thresholds: np.ndarray
    threshold_scores: np.ndarray
    min_areas: np.ndarray
    area_scores: np.ndarray
    threshold: float
    min_area: float
    score: float
    plain: float
    all_empty: float


def curves_of(result: SearchResult) -> list[ThresholdCurve]:
    """The curves of every class that a search went through."""
    return [
        ThresholdCurve(
            class_id=found.class_id,
            thresholds=search.thresholds,
            threshold_scores=search.best,
            min_areas=search.min_areas,
            area_scores=search.scores_at_rule,
            threshold=search.rule.high,
            min_area=search.rule.min_area,
            score=found.score,
            plain=plain.score,
            all_empty=found.all_empty,
        )
        for search, found, plain in zip(
            result.classes, result.found.classes, result.plain.classes, strict=True
        )
    ]


def threshold_curves(curves: Sequence[ThresholdCurve], spec: Spec) -> Sheet:
    """Show for each class the score over the pixel threshold and over the minimum area.

    Args:
        curves: one a class.
        spec: names the classes.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> rising = np.array([0.2, 0.5, 0.8])
        >>> curve = ThresholdCurve(3, rising, rising, rising * 1000, rising, 0.8, 800, 0.8, 0.5, 0.4)
        >>> [axes.get_xlabel() for axes in threshold_curves([curve], SEVERSTAL).axes]
        ['pixel threshold (probability)', 'minimum area (pixels, logarithmic from 100)']
    """
    figure, axes = sheet(
        WIDTH,
        0.9 + 1.5 * max(len(curves), 1),
        "Score of each class over its decision rule",
        "Out-of-fold. A flat top is a safe choice; a class whose curve stays below the dotted line is better "
        "never predicted.",
        rows=max(len(curves), 1),
        columns=2,
        sharex="col",
    )
    for curve, (left, right) in zip(curves, axes, strict=False):
        draw(left, curve, curve.thresholds, curve.threshold_scores, curve.threshold)
        draw(right, curve, curve.min_areas, curve.area_scores, curve.min_area)
        dress(left, y="mean Dice", grid="both")
        dress(right, grid="both")
        name = class_label(spec, curve.class_id)
        left.set_title(f"{name}: {curve.score:.4f} at {curve.threshold:.3g}", fontsize=TEXT_SIZE, loc="left")
        never = curve.min_area > spec.pixels
        chosen = "never predicted" if never else f"at least {curve.min_area:,.0f} pixels"
        right.set_title(chosen, fontsize=TEXT_SIZE, loc="left")
        for place in (left, right):
            place.yaxis.set_major_locator(MaxNLocator(4))
            place.margins(y=0.12)
        right.set_xscale("symlog", linthresh=100)
        right.set_xlim(left=0)
        right.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes[-1, 0].set_xlabel("pixel threshold (probability)", fontsize=TEXT_SIZE)
    axes[-1, 1].set_xlabel("minimum area (pixels, logarithmic from 100)", fontsize=TEXT_SIZE)
    legend_below(
        figure,
        [
            Line2D([], [], color="black", linewidth=1.8, label="score"),
            Line2D([], [], color="black", marker="o", linestyle="none", markersize=8, label="chosen"),
            Line2D([], [], color="black", linestyle="--", linewidth=1, label="plain 0.5, no minimum area"),
            Line2D([], [], color=GREY, linestyle=":", linewidth=1.6, label="class never predicted"),
        ],
    )
    return figure


def draw(axes: Axes, curve: ThresholdCurve, at: np.ndarray, scores: np.ndarray, chosen: float) -> None:
    """Draw one curve with its chosen point and the two scores to compare it with."""
    axes.axhline(curve.plain, color="black", linestyle="--", linewidth=1)
    axes.axhline(curve.all_empty, color=GREY, linestyle=":", linewidth=1.6)
    # A dark line below lets a pale colour be seen on white.
    axes.plot(at, scores, color="black", linewidth=2.8)
    axes.plot(at, scores, color=colour(curve.class_id), linewidth=1.6)
    axes.plot(chosen, curve.score, "o", markersize=9, color=colour(curve.class_id), markeredgecolor="black")
