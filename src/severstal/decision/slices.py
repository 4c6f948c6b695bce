"""Slices of the score over the values of a class's rule, and the standard error of that score."""

from dataclasses import dataclass

import numpy as np

from severstal.competition.metric import pair_dice
from severstal.decision.score import pair_areas
from severstal.decision.search import SearchResult
from severstal.decision.summary import Summary


@dataclass(frozen=True)
class LandscapeSlices:
    """Two slices of the score of a class, both through its rule.

    Attributes:
        thresholds: (T,) high thresholds, and low ones.
        min_areas: (M,) minimum areas in pixels.
        by_area: (T, M) mean Dice minus that of the all-empty baseline, over high threshold and minimum area,
            at the rule's gate and low threshold; below the low threshold, both are equal to the high one.
        by_low: (T, T) the same over high and low threshold, at the rule's gate and minimum area; nan where
            low is above high.
        best: maximum over all rules that were searched, other gates included.
        noise: standard error of the rule's gain over the all-empty baseline; 0 if it never draws the class.
    """

    thresholds: np.ndarray
    min_areas: np.ndarray
    by_area: np.ndarray
    by_low: np.ndarray
    best: float
    noise: float


def slice_landscape(summary: Summary, result: SearchResult, index: int) -> LandscapeSlices:
    """Slice the scores of a class through its rule or, if that never draws the class, through the best other.

    Args:
        summary: summary that was searched.
        result: result of the search, with equal weights of all images.
        index: index of the class, from 0.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> from severstal.decision.search import search_rules
        >>> areas = np.repeat([[[40, 9, 0]]], [1, 200, 55], axis=2).repeat(12, axis=0).astype(np.int32)
        >>> true, spec = np.int32([[9]] * 12), Spec("tiny", (4, 10), ("hole",))
        >>> names, sure = tuple("abcdefghijkl"), np.full_like(true, 200, np.uint8)
        >>> summary = Summary(names, spec, areas, np.minimum(areas, true[:, :, None]), true, sure)
        >>> found = slice_landscape(summary, search_rules(summary), 0)
        >>> found.best, found.noise, found.by_area[0, [0, -1]].tolist()
        (1.0, 0.0, [1.0, 0.0])
    """
    search = result.classes[index]
    landscape, rule = search.landscape, search.rule
    grid = landscape.grid
    high = np.array(grid.thresholds)
    never = rule.is_never_drawn(summary.spec)
    if never:
        found = np.nan_to_num(landscape.scores, nan=-np.inf)
        found = np.where(landscape.draws[..., None], found, -np.inf)
        gate, _, area, low = np.unravel_index(found.argmax(), found.shape)
    else:
        gate = grid.gates.index(rule.gate)
        area = int(np.abs(grid.min_areas - rule.min_area).argmin())
        low = int(np.abs(high - rule.low).argmin())
    rows = np.arange(len(high))
    gained = landscape.scores[gate].astype(np.float64) - landscape.empty  # (T, M, T)
    best = landscape.best.max() - landscape.empty
    dice = pair_dice(*pair_areas(summary, result.rules))[:, index] - (summary.true[:, index] == 0)
    return LandscapeSlices(
        high,
        grid.min_areas,
        gained[rows, :, np.minimum(rows, low)],
        gained[:, area],
        float(best) if np.isfinite(best) else 0.0,
        float(dice.std() / len(dice) ** 0.5),
    )
