"""Stability of each class's rule under resampling of the images, as heat maps."""

from collections.abc import Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from severstal.competition.spec import Spec
from severstal.decision.search import SearchResult
from severstal.decision.stability import NEAR_BEST, StabilityMap
from severstal.evaluation.labels import class_label
from severstal.report.palette import FIGURE_WIDTH, TEXT_SIZE, Sheet, dress, empty_sheet, legend_below, sheet
from severstal.report.thresholds.landscapes import (
    COLOUR_MAP,
    MARKS,
    draw_map,
    draw_mark,
    label_areas,
    shown_areas,
    split_never,
)

_STEEP = 10  # falls of this many times NEAR_BEST and more have the same colour


def stability_maps(maps: Sequence[StabilityMap], result: SearchResult, spec: Spec) -> Sheet:
    """Show which rules stay near the best over bootstrap resamples, and where the score falls steeply.

    Args:
        maps: stability maps of each class, from `stability`.
        result: result of the search.
        spec: names the classes.

    Returns:
        One row per class that is predicted at all, high threshold over minimum area at the gate and the low
        threshold of its rule: left the share of the resamples in which a rule is near the best, right the
        loss by one step off.

    Example:
        `stability_maps([stability(summary, k, result.classes[k]) for k in range(4)], result, spec)`
    """
    title = "Stability of the rules"
    predicted, never_said = split_never(result, spec)
    if not predicted:
        return empty_sheet(title, never_said)
    figure, axes = sheet(
        FIGURE_WIDTH,
        0.75 + 1.95 * len(predicted),
        title,
        f"Left: share of bootstrap resamples of the images in which a rule scores within {NEAR_BEST:g} of "
        "the best. Right: the loss of mean Dice if threshold or minimum area is one step off. Bright is "
        f"stable in both; gate and low threshold are as chosen. {never_said}",
        rows=len(predicted),
        columns=2,
    )
    for index, (left, right) in zip(predicted, axes, strict=True):
        search, found = result.classes[index], maps[index]
        columns = shown_areas(found.scores - search.landscape.empty, found.min_areas, spec)
        thresholds, min_areas = np.array(found.thresholds), found.min_areas[columns]
        share, fall = 100 * found.share[:, columns], found.fall[:, columns]
        # Clipped, as beside a few very large falls all others would look the same.
        for place, values, top, scale, unit in (
            (left, share, share.max(), COLOUR_MAP, "%"),
            (right, fall, _STEEP * NEAR_BEST, f"{COLOUR_MAP}_r", "Dice"),
        ):
            colours = ScalarMappable(Normalize(0, max(top, 1e-6)), scale)
            draw_map(place, values, colours, thresholds)
            label_areas(place, min_areas)
            dress(place)
            ends = "max" if place is right else "neither"
            bar = figure.colorbar(colours, ax=place, aspect=10, pad=0.02, extend=ends)
            bar.set_label(unit, fontsize=TEXT_SIZE - 1)
            bar.ax.tick_params(labelsize=TEXT_SIZE - 1.5)
            bar.ax.yaxis.set_major_locator(MaxNLocator(3))
            y = np.interp(search.rule.high, thresholds, np.arange(len(thresholds)))
            x = np.interp(search.rule.min_area, min_areas, np.arange(len(columns)))
            draw_mark(place, x, y, "chosen")
        left.set_ylabel("high threshold", fontsize=TEXT_SIZE)
        name = class_label(spec, index + 1)
        row = int(np.argmin(np.abs(thresholds - search.rule.high)))
        column = int(np.argmin(np.abs(found.min_areas - search.rule.min_area)))
        said = f"{name}: near the best in {found.share[row, column]:.0%}"
        left.set_title(said, fontsize=TEXT_SIZE, loc="left", pad=10)
        said = f"one step off loses at most {found.fall[row, column]:.4f}"
        right.set_title(said, fontsize=TEXT_SIZE, loc="left", pad=10)
    for place in axes[-1]:
        place.set_xlabel("minimum area (pixels, logarithmic)", fontsize=TEXT_SIZE)
    legend_below(
        figure,
        [Line2D([], [], linestyle="none", markeredgecolor="black", label="chosen", **MARKS["chosen"])],
    )
    return figure
