"""The score over thresholds and minimum area, as heat maps."""

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
from severstal.decision.slices import LandscapeSlices
from severstal.evaluation.labels import class_label
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, dress, empty_sheet, legend_below, sheet

# Its lightness is linear in the score, so that it reads the same in greyscale and to the colour-blind (Nunez,
# Anderton and Renslow 2018).
COLOUR_MAP = "cividis"
_DEPTH = 0.5  # the colours span the best gain and this share of it as a loss
_SAME = 1e-6  # resolution of a mean Dice in float32
_SMALLEST = 2e-5  # share of the picture below which minimum areas have no effect


def rule_landscapes(slices: Sequence[LandscapeSlices], result: SearchResult, spec: Spec) -> Sheet:
    """Show the score of each class over thresholds and minimum area, around its rule.

    Args:
        slices: slices of each class, from `slice_landscape`.
        result: result of the search.
        spec: names the classes.

    Returns:
        One row per class that is predicted at all: left, high threshold and minimum area, at the rule's gate
        and low threshold; right, high and low threshold, at its gate and minimum area; beside them the colour
        scale of the class.

    Example:
        `rule_landscapes([slice_landscape(summary, result, k) for k in range(4)], result, spec)`
    """
    title = "Gain of every rule over the all-empty baseline"
    predicted, never_said = split_never(result, spec)
    if not predicted:
        return empty_sheet(title, never_said)
    figure, axes = sheet(
        FIGURE_WIDTH,
        0.75 + 2.15 * len(predicted),
        title,
        "Mean Dice of the class on the out-of-fold maps, minus that of never predicting it. Left: at the "
        "chosen gate and low threshold; right: at the chosen gate and minimum area. Rules inside the black "
        f"line are within one standard error of the best. {never_said}",
        rows=len(predicted),
        columns=2,
        width_ratios=[1.45, 1],
    )
    for index, (left, right) in zip(predicted, axes, strict=True):
        part, rule = slices[index], result.classes[index].rule
        top = max(abs(part.best), 1e-3)
        scale = ScalarMappable(Normalize(-_DEPTH * top, top), COLOUR_MAP)
        columns = shown_areas(part.by_area, part.min_areas, spec)
        label_areas(left, part.min_areas[columns])
        _label_thresholds(right.xaxis, part.thresholds)
        for place, scores in ((left, part.by_area[:, columns]), (right, part.by_low)):
            draw_map(place, scores, scale, part.thresholds)
            _draw_level(place, scores - (part.best - part.noise), "black", "solid")
            _draw_level(place, scores, "white", "dotted")
            y, x = np.unravel_index(np.nanargmax(scores), scores.shape)
            draw_mark(place, x, y, "best")
        at = np.interp(0.5, part.thresholds, np.arange(len(part.thresholds)))
        draw_mark(left, 0, at, "plain")
        draw_mark(right, at, at, "plain")
        high, low = (
            np.interp(value, part.thresholds, np.arange(len(part.thresholds)))
            for value in (rule.high, rule.low)
        )
        area = np.interp(rule.min_area, part.min_areas[columns], np.arange(len(columns)))
        draw_mark(left, area, high, "chosen")
        draw_mark(right, low, high, "chosen")
        name = class_label(spec, index + 1)
        gained = result.found.classes[index].score - result.found.classes[index].all_empty
        said = f"{name}: {gained:+.4f}, best of all {part.best:+.4f}"
        # The padding keeps the title clear of marks at the upper edge.
        left.set_title(said, fontsize=TEXT_SIZE, loc="left", pad=10)
        said = f"at least {rule.min_area:,} px, gate {rule.gate}"
        right.set_title(said, fontsize=TEXT_SIZE, loc="left", pad=10)
        dress(left, y="high threshold")
        dress(right)
        bar = figure.colorbar(scale, ax=right, extend="min", aspect=12, pad=0.03)
        bar.ax.tick_params(labelsize=TEXT_SIZE - 1.5)
        bar.ax.yaxis.set_major_locator(MaxNLocator(4))
        bar.ax.axhline(0, color="white", linewidth=1.5, linestyle=":")
    axes[-1, 0].set_xlabel("minimum area (pixels, logarithmic)", fontsize=TEXT_SIZE)
    axes[-1, 1].set_xlabel("low threshold", fontsize=TEXT_SIZE)
    legend_below(figure, _legend())
    return figure


def split_never(result: SearchResult, spec: Spec) -> tuple[list[int], str]:
    """The indices of the classes that are predicted at all, and a sentence on those that never are.

    Example:
        `split_never(result, spec)` returns `([2, 3], "Never predicted, and left out: class 1, class 2.")`
    """
    never = [rule.is_never_drawn(spec) for rule in result.rules.rules]
    names = ", ".join(class_label(spec, index + 1) for index, is_never in enumerate(never) if is_never)
    predicted = [index for index, is_never in enumerate(never) if not is_never]
    return predicted, f"Never predicted, and left out: {names}." if names else ""


def draw_map(axes: Axes, values: np.ndarray, scale: ScalarMappable, thresholds: np.ndarray) -> None:
    """Draw values with the high threshold on the vertical axis."""
    axes.imshow(
        values, cmap=scale.cmap, norm=scale.norm, origin="lower", aspect="auto", interpolation="nearest"
    )
    _label_thresholds(axes.yaxis, thresholds)


def _draw_level(axes: Axes, values: np.ndarray, colour: str, style: str) -> None:
    """Draw the contour line at 0."""
    shown = values[np.isfinite(values)]
    if min(values.shape) > 1 and len(shown) and shown.min() < 0 < shown.max():
        axes.contour(values, levels=[0], colors=colour, linestyles=style, linewidths=1.5)


def shown_areas(gained: np.ndarray, min_areas: np.ndarray, spec: Spec) -> np.ndarray:
    """Select the minimum areas to show: 0, and those that have an effect.

    Args:
        gained: (T, M) gain over the all-empty baseline, 0 where nothing is predicted.
        min_areas: (M,) pixels.
        spec: fixes the size of a picture; where each has its own, the largest minimum area stands for it.

    Example:
        >>> spec = Spec("tiny", (400, 500), ("hole",))
        >>> shown_areas(np.array([[0.1, 0.1, 0.2, 0, 0]]), np.array([0, 1, 100, 9000, 90000]), spec)
        array([0, 2, 3])
    """
    pixels = spec.pixels if spec.image_shape is not None else int(min_areas[-1])
    drawn = np.flatnonzero((np.abs(gained) > _SAME).any(axis=0))
    last = min_areas[min(drawn[-1] + 1, len(min_areas) - 1)] if len(drawn) else pixels
    least = max(1, min(_SMALLEST * pixels, last / 4))
    return np.flatnonzero((min_areas == 0) | ((min_areas >= least) & (min_areas <= last)))


def label_areas(axes: Axes, min_areas: np.ndarray) -> None:
    """Label an axis of minimum areas, the first of which is 0."""
    ticks, least = [0], 10.0 ** np.floor(np.log10(max(min_areas[1], 1))) if len(min_areas) > 1 else 1
    while least <= min_areas[-1]:
        if least >= min_areas[min(3, len(min_areas) - 1)]:
            ticks.append(int(least))
        least *= 10
    axes.set_xticks(np.interp(ticks, min_areas, np.arange(len(min_areas))), [f"{tick:,}" for tick in ticks])


def _label_thresholds(axis: Axis, thresholds: np.ndarray) -> None:
    """Label an axis of thresholds."""
    ticks = np.array([tick for tick in (0.1, 0.3, 0.5, 0.7, 0.9) if thresholds[0] <= tick <= thresholds[-1]])
    axis.set_ticks(np.interp(ticks, thresholds, np.arange(len(thresholds))), [f"{tick:g}" for tick in ticks])


MARKS = {
    "chosen": {"marker": "o", "markersize": 10, "markerfacecolor": "white", "markeredgewidth": 2.2},
    "best": {"marker": "*", "markersize": 11, "markerfacecolor": "black", "markeredgewidth": 0.9},
    "plain": {"marker": "X", "markersize": 9, "markerfacecolor": "white", "markeredgewidth": 1.2},
}


def draw_mark(axes: Axes, x: float, y: float, what: str) -> None:
    """Mark a rule in a map."""
    edge = "white" if what == "best" else "black"
    axes.plot(x, y, linestyle="none", clip_on=False, markeredgecolor=edge, zorder=5, **MARKS[what])


def _legend() -> Sequence[Line2D | Patch]:
    """Legend of marks and lines."""
    names = {"chosen": "chosen", "best": "best of this map", "plain": "0.5 without a minimum area"}
    marks = [
        Line2D(
            [],
            [],
            linestyle="none",
            markeredgecolor="white" if what == "best" else "black",
            label=name,
            **MARKS[what],
        )
        for what, name in names.items()
    ]
    return [
        *marks,
        Line2D([], [], color="black", linewidth=1.5, label="within one standard error of the best"),
        Line2D(
            [],
            [],
            color="#808080",
            linestyle=":",
            linewidth=1.5,
            label="no better than the all-empty baseline",
        ),
    ]
