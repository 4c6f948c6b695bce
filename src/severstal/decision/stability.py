"""Bootstrap of the images, to measure how much the rule of a class depends on the labelled sample."""

from dataclasses import dataclass

import numpy as np

from severstal.decision.objective import normalised
from severstal.decision.pairs import NOT_DRAWN
from severstal.decision.search import ClassSearch, class_pairs
from severstal.decision.summary import Summary
from severstal.evaluation.bootstrap import group_counts

STABILITY_RESAMPLES = 100

# A rule that scores at most this much below the best of a resample counts as equally good: for one of the
# competition's four classes it is 0.00025 of the score, less than between neighbours on the leaderboard.
NEAR_BEST = 1e-3


@dataclass(frozen=True)
class StabilityMap:
    """A class's rules around the one found: same gate and low threshold, other high thresholds and areas.

    Attributes:
        thresholds: (T,) high thresholds; where one is below the rule's low threshold, that is lowered to it.
        min_areas: (M,) minimum areas in pixels, the search's.
        scores: (T, M) mean Dice.
        share: (T, M) share of the bootstrap resamples in which a rule scores within 0.001 of the map's best.
        fall: (T, M) by how much the mean Dice falls at most if threshold or minimum area are off by one step.
    """

    thresholds: tuple[float, ...]
    min_areas: np.ndarray
    scores: np.ndarray
    share: np.ndarray
    fall: np.ndarray


def stability(
    summary: Summary,
    index: int,
    search: ClassSearch,
    groups: np.ndarray | None = None,
    resamples: int = STABILITY_RESAMPLES,
    seed: int = 0,
) -> StabilityMap:
    """Resample the images, and count how often each rule is among the best.

    Args:
        summary: summary that was searched.
        index: index of the class, from 0.
        search: search of that class.
        groups: (N,) whole numbers, the group of each image; images of a group are resampled together.
        resamples: number of resamples.
        seed: random seed of the resampling.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> from severstal.decision.search import search_rules
        >>> areas = np.repeat([[[40, 9, 0]]], [1, 200, 55], axis=2).repeat(12, axis=0).astype(np.int32)
        >>> true, spec = np.int32([[9]] * 12), Spec("tiny", (4, 10), ("hole",))
        >>> inside = np.minimum(areas, true[:, :, None])
        >>> names, sure = tuple("abcdefghijkl"), np.full_like(true, 200, np.uint8)
        >>> summary = Summary(names, spec, areas, inside, true, sure)
        >>> found = stability(summary, 0, search_rules(summary).classes[0])
        >>> found.share[0, [0, -1]], found.fall[0, 0].item()
        (array([1., 0.]), 0.0)
    """
    count = len(summary)
    drawn = group_counts(np.arange(count) if groups is None else groups, resamples, seed)  # (B, N)
    shares = np.vstack([np.ones(count), drawn]).astype(np.float64)
    shares /= shares.sum(axis=1, keepdims=True)  # (B + 1, N), the first of all images as they are
    grid, rule = search.landscape.grid, search.rule
    pairs = class_pairs(summary, index, normalised(None, count), grid.thresholds[0])
    reach = [part.reach(rule.gate, grid.thresholds) for part in (pairs.defects, pairs.clean)]
    # A pair adds to a resample its Dice (or -1 where clean) times its weight in the resample.
    lows = tuple(min(rule.low, high) for high in grid.thresholds)
    dice = pairs.defects.at(pairs.gains, rule.gate, lows) * count  # (P, T)
    defects, clean = (np.ascontiguousarray(shares[:, part.rows].T) for part in (pairs.defects, pairs.clean))
    scores = np.empty((resamples + 1, len(grid.thresholds), len(search.min_areas)))
    for row in range(len(grid.thresholds)):
        gained = _suffix_sums(reach[0][row], defects * dice[:, row, None], search.min_areas)
        lost = _suffix_sums(reach[1][row], clean, search.min_areas)
        scores[:, row] = (gained - lost).T
    scores += (shares @ (summary.true[:, index] == 0))[:, None, None]
    best = scores[1:].max(axis=(1, 2), keepdims=True)
    share = (scores[1:] >= best - NEAR_BEST).mean(axis=0)
    return StabilityMap(grid.thresholds, search.min_areas, scores[0], share, _fall(scores[0]))


def _suffix_sums(reach: np.ndarray, added: np.ndarray, min_areas: np.ndarray) -> np.ndarray:
    """The sum of (n, B) values over the pairs that each minimum area draws: (M, B)."""
    # Number of the minimum areas that draw a pair: those up to its reach.
    steps = np.where(reach > NOT_DRAWN, np.searchsorted(min_areas, reach, side="right"), 0)
    order = np.argsort(steps, kind="stable")
    starts = np.searchsorted(steps[order], np.arange(1, len(min_areas) + 1))
    running = np.vstack([np.zeros(added.shape[1]), added[order].cumsum(axis=0)])
    return running[-1] - running[starts]


def _fall(scores: np.ndarray) -> np.ndarray:
    """The largest loss to one of the up to four neighbours of each cell; 0 where all are higher."""
    padded = np.pad(scores, 1, mode="edge")
    neighbours = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    return np.maximum(scores - np.minimum.reduce(neighbours), 0)
