"""Maps of the score over the values of a rule: how high it is where the rule lies, and how flat."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from severstal.competition.spec import Spec
from severstal.decision.search import SearchResult
from severstal.decision.summary import Summary
from severstal.evaluation.labels import class_label
from severstal.report.palette import TEXT_SIZE, WIDTH, Sheet, dress, legend_below, sheet
from severstal.report.thresholds.slices import slices

# Its lightness rises evenly with the score, so that it reads the same printed without colour, and to the
# colour-blind (Nunez, Anderton and Renslow 2018).
SCALE = "cividis"
DEPTH = 0.5  # of what the class gains at best, the colours also show this much of a loss
SAME = 1e-6  # float32 keeps no more of a mean Dice
SMALLEST = 2e-5  # share of the picture below which minimum areas are all alike


def rule_landscapes(summary: Summary, result: SearchResult, spec: Spec) -> Sheet:
    """Show for each class the score over its thresholds and its minimum area, around the rule found.

    Args:
        summary: that was searched.
        result: of the search.
        spec: names the classes.

    Returns:
        A row a class: left, high threshold and minimum area, at the rule's gate and low threshold; right,
        high and low threshold, at its gate and minimum area. The class's colour scale is beside them.
    """
    figure, axes = sheet(
        WIDTH,
        0.75 + 2.05 * len(spec.classes),
        "What each rule would score, above drawing nothing",
        "Mean Dice of the class on the out-of-fold maps, less that of never drawing it. Left: gate and low "
        "threshold stay as chosen; right: gate and minimum area. Inside the black line all rules are within "
        "the noise: they score at most one standard error below the best.",
        rows=len(spec.classes),
        columns=2,
        width_ratios=[1.45, 1],
    )
    for index, (search, (left, right)) in enumerate(zip(result.classes, axes, strict=True)):
        cut, rule = slices(summary, result, index), search.rule
        top = max(abs(cut.best), 1e-3)
        scale = ScalarMappable(Normalize(-DEPTH * top, top), SCALE)
        never = rule.draws_nothing(spec)
        columns = shown_areas(cut.by_area, cut.min_areas, spec)
        label_areas(left, cut.min_areas[columns])
        label_thresholds(right.xaxis, cut.thresholds)
        for place, scores in ((left, cut.by_area[:, columns]), (right, cut.by_low)):
            draw_map(place, scores, scale, cut.thresholds)
            draw_level(place, scores - (cut.best - cut.noise), "black", "solid")
            draw_level(place, scores, "white", "dotted")
            y, x = np.unravel_index(np.nanargmax(scores), scores.shape)
            mark(place, x, y, "best")
        at = np.interp(0.5, cut.thresholds, np.arange(len(cut.thresholds)))
        mark(left, 0, at, "plain")
        mark(right, at, at, "plain")
        if not never:
            high, low = (
                np.interp(value, cut.thresholds, np.arange(len(cut.thresholds)))
                for value in (rule.high, rule.low)
            )
            mark(
                left,
                np.interp(rule.min_area, cut.min_areas[columns], np.arange(len(columns))),
                high,
                "chosen",
            )
            mark(right, low, high, "chosen")
        name = class_label(spec, index + 1)
        gained = result.found.classes[index].score - result.found.classes[index].all_empty
        said = f"{name}: never drawn" if never else f"{name}: {gained:+.4f}, best of all {cut.best:+.4f}"
        left.set_title(said, fontsize=TEXT_SIZE, loc="left", pad=3)
        area = "" if never else f"at least {rule.min_area:,} px, gate {rule.gate}"
        right.set_title(area, fontsize=TEXT_SIZE, loc="left", pad=3)
        dress(left, y="high threshold")
        dress(right)
        bar = figure.colorbar(scale, ax=right, extend="min", aspect=12, pad=0.03)
        bar.ax.tick_params(labelsize=TEXT_SIZE - 1.5)
        bar.ax.yaxis.set_major_locator(MaxNLocator(4))
        bar.ax.axhline(0, color="white", linewidth=1.5, linestyle=":")
    axes[-1, 0].set_xlabel("minimum area (pixels, logarithmic)", fontsize=TEXT_SIZE)
    axes[-1, 1].set_xlabel("low threshold", fontsize=TEXT_SIZE)
    legend_below(figure, keys())
    return figure


def draw_map(axes: Axes, values: np.ndarray, scale: ScalarMappable, thresholds: np.ndarray) -> None:
    """Draw values over the high threshold, upward, and whatever else the columns stand for."""
    axes.imshow(
        values, cmap=scale.cmap, norm=scale.norm, origin="lower", aspect="auto", interpolation="nearest"
    )
    label_thresholds(axes.yaxis, thresholds)


def draw_level(axes: Axes, values: np.ndarray, colour: str, style: str) -> None:
    """Draw the line along which a map is 0."""
    shown = values[np.isfinite(values)]
    if min(values.shape) > 1 and len(shown) and shown.min() < 0 < shown.max():
        axes.contour(values, levels=[0], colors=colour, linestyles=style, linewidths=1.5)


def shown_areas(gained: np.ndarray, min_areas: np.ndarray, spec: Spec) -> np.ndarray:
    """Which minimum areas are worth showing: none at all, and those that make a difference.

    Args:
        gained: (T, M) what is gained over drawing nothing, 0 where nothing is drawn.
        min_areas: (M,) pixels.
        spec: fixes the size of a picture.

    Example:
        >>> spec = Spec("tiny", (400, 500), ("hole",))
        >>> shown_areas(np.array([[0.1, 0.1, 0.2, 0, 0]]), np.array([0, 1, 100, 9000, 90000]), spec)
        array([0, 2, 3])
    """
    drawn = np.flatnonzero((np.abs(gained) > SAME).any(axis=0))
    last = min_areas[min(drawn[-1] + 1, len(min_areas) - 1)] if len(drawn) else spec.pixels
    least = max(1, min(SMALLEST * spec.pixels, last / 4))
    return np.flatnonzero((min_areas == 0) | ((min_areas >= least) & (min_areas <= last)))


def label_areas(axes: Axes, min_areas: np.ndarray) -> None:
    """Number an axis of minimum areas, whose first place is for none."""
    ticks, least = [0], 10.0 ** np.floor(np.log10(max(min_areas[1], 1))) if len(min_areas) > 1 else 1
    while least <= min_areas[-1]:
        if least >= min_areas[min(3, len(min_areas) - 1)]:
            ticks.append(int(least))
        least *= 10
    axes.set_xticks(np.interp(ticks, min_areas, np.arange(len(min_areas))), [f"{tick:,}" for tick in ticks])


def label_thresholds(axis: Axis, thresholds: np.ndarray) -> None:
    """Number an axis of thresholds."""
    ticks = np.array([tick for tick in (0.1, 0.3, 0.5, 0.7, 0.9) if thresholds[0] <= tick <= thresholds[-1]])
    axis.set_ticks(np.interp(ticks, thresholds, np.arange(len(thresholds))), [f"{tick:g}" for tick in ticks])


LOOKS = {
    "chosen": {"marker": "o", "markersize": 10, "markerfacecolor": "white", "markeredgewidth": 2.2},
    "best": {"marker": "*", "markersize": 11, "markerfacecolor": "black", "markeredgewidth": 0.9},
    "plain": {"marker": "X", "markersize": 9, "markerfacecolor": "white", "markeredgewidth": 1.2},
}


def mark(axes: Axes, x: float, y: float, what: str) -> None:
    """Mark a place of a map."""
    edge = "white" if what == "best" else "black"
    axes.plot(x, y, linestyle="none", clip_on=False, markeredgecolor=edge, zorder=5, **LOOKS[what])


def keys() -> Sequence[Line2D | Patch]:
    """What the marks and lines of a landscape mean."""
    names = {"chosen": "chosen", "best": "best of this map", "plain": "where 0.5 without a minimum area lies"}
    marks = [
        Line2D(
            [],
            [],
            linestyle="none",
            markeredgecolor="white" if what == "best" else "black",
            label=name,
            **LOOKS[what],
        )
        for what, name in names.items()
    ]
    return [
        *marks,
        Line2D([], [], color="black", linewidth=1.5, label="within the noise of the best"),
        Line2D([], [], color="#808080", linestyle=":", linewidth=1.5, label="no better than nothing"),
    ]
