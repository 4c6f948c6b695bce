"""The exact score of every gate, high threshold, minimum area and low threshold of a class, from one pass.

For one gate and one high threshold, sort the pairs by their area there, largest first. What all pairs down to
one of them add to the score is a running sum, over all low thresholds at once, so that one pass scores every
minimum area. Only the areas of pairs with a defect need to be tried: between two of them a lower minimum area
draws nothing more but clean pairs. Pairs of equal area are drawn together or not at all.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count

import numpy as np

from severstal.decision.gate import Gate
from severstal.decision.pairs import NOT_DRAWN, PairTable, PairTables


@dataclass(frozen=True)
class Grid:
    """The grid of rules that is searched.

    Attributes:
        gates: the G gates.
        thresholds: T probabilities, ascending, for `high` and for `low`.
        min_areas: (M,) minimum areas in pixels of the landscape, ascending, evenly spaced in the logarithm.
    """

    gates: tuple[Gate, ...]
    thresholds: tuple[float, ...]
    min_areas: np.ndarray


@dataclass(frozen=True)
class Landscape:
    """Scores of a class over a grid.

    Attributes:
        grid: G gates, T thresholds, M minimum areas.
        scores: (G, T, M, T) float32, mean Dice with each gate, high threshold, minimum area and low
            threshold; nan where low is above high.
        draws: (G, T, M) bool, whether any pair with a defect is drawn.
        best: (G, T, T) float64, mean Dice with each gate, high and low threshold and the best of all minimum
            areas, also those between the grid's, that draw a pair with a defect; -inf where none does.
        empty: mean Dice of the all-empty baseline.
    """

    grid: Grid
    scores: np.ndarray
    draws: np.ndarray
    best: np.ndarray
    empty: float


def survey(pairs: PairTables, grid: Grid) -> Landscape:
    """Score a class on a whole grid, on all processors.

    Example:
        >>> from severstal.decision.pairs import make_pairs
        >>> areas = np.repeat([[9, 4, 0], [9, 1, 0]], [1, 200, 55], axis=1)
        >>> true, sure = np.array([4, 0]), np.uint8([200, 200])
        >>> pairs = make_pairs(areas, np.minimum(areas, true[:, None]), true, sure, np.full(2, 0.5), 13)
        >>> found = survey(pairs, Grid((Gate(),), (0.2, 0.5), np.array([0, 2])))
        >>> found.empty, found.scores[0, 1], found.best[0]
        (0.5, array([[0.5, 0.5], [1. , 1. ]], dtype=float32), array([[ 1., -inf], [ 1., 1.]]))
    """
    gates, steps, areas = len(grid.gates), len(grid.thresholds), len(grid.min_areas)
    scores = np.full((gates, steps, areas, steps), np.nan, np.float32)
    draws = np.zeros((gates, steps, areas), bool)
    best = np.full((gates, steps, steps), -np.inf)

    def one_gate(place: int) -> None:
        gate = grid.gates[place]
        gains = pairs.defects.at(pairs.gains, gate, grid.thresholds)  # (P, T)
        reach = pairs.defects.reach(gate, grid.thresholds), pairs.clean.reach(gate, grid.thresholds)
        for row in range(steps):
            lows = slice(row + 1)
            running, reached = _running_sums(gains, reach[0][row], lows)
            alarms = Alarms(pairs.clean, reach[1][row])
            count = len(reached) - np.searchsorted(reached[::-1], grid.min_areas)
            cost = alarms.cost(grid.min_areas)
            scores[place, row, :, lows] = pairs.empty + running[count] - cost[:, None]
            draws[place, row] = count > 0
            if len(reached):
                last = np.append(reached[1:] != reached[:-1], True)  # of those of equal area
                running[1:] -= np.where(last, alarms.cost(reached), np.inf)[:, None]
                best[place, row, lows] = pairs.empty + running[1:].max(axis=0)

    with ThreadPoolExecutor(cpu_count()) as pool:
        list(pool.map(one_gate, range(gates)))
    return Landscape(grid, scores, draws, best, pairs.empty)


class Alarms:
    """The loss of score by the clean pairs that a minimum area draws.

    Args:
        clean: tables of the clean pairs.
        reach: (n,) int, the largest minimum area with which each is drawn.
    """

    def __init__(self, clean: PairTable, reach: np.ndarray) -> None:
        drawn = reach > NOT_DRAWN
        weights = clean.weights[drawn]
        if len(weights) and weights.min() == weights.max():
            self._reach = np.sort(reach[drawn])
            self._cost = np.arange(len(weights), -1, -1) * weights[0]
        else:
            order = np.argsort(reach[drawn])
            self._reach = reach[drawn][order]
            self._cost = np.append(weights[order][::-1].cumsum()[::-1], 0)

    def cost(self, min_areas: np.ndarray) -> np.ndarray:
        """The cost of each of some minimum areas, of their shape."""
        return self._cost[np.searchsorted(self._reach, min_areas)]


def area_curve(
    pairs: PairTables, gate: Gate, high: float, low: float, min_areas: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the score as a function of the minimum area, with all else given.

    Args:
        pairs: tables of the class's pairs.
        gate: gate of the rule.
        high: threshold that at least the minimum area of pixels must reach.
        low: threshold from which pixels are drawn, at most `high`.
        min_areas: (M,) ascending minimum areas; None for the largest that draws each of the pairs.

    Returns:
        The minimum areas, and (M,) float64 mean Dice with each.
    """
    gains = pairs.defects.at(pairs.gains, gate, (low,))
    reach = pairs.defects.reach(gate, (high,))[0], pairs.clean.reach(gate, (high,))[0]
    running, reached = _running_sums(gains, reach[0], slice(1))
    if min_areas is None:
        min_areas = np.unique(np.append(*reach))
        min_areas = min_areas[min_areas > NOT_DRAWN]
    count = len(reached) - np.searchsorted(reached[::-1], min_areas)
    return min_areas, pairs.empty + running[count, 0] - Alarms(pairs.clean, reach[1]).cost(min_areas)


def _running_sums(gains: np.ndarray, reach: np.ndarray, lows: slice) -> tuple[np.ndarray, np.ndarray]:
    """Sort pairs by descending reach and add up their gains.

    Returns:
        (p + 1, L) sums of the gains of the first 0, 1, ... p pairs at each low threshold; (p,) their reach.
    """
    drawn = np.flatnonzero(reach > NOT_DRAWN)
    order = drawn[np.argsort(reach[drawn])[::-1]]
    running = np.zeros((len(order) + 1, lows.stop))
    np.cumsum(gains[order, lows], axis=0, out=running[1:])
    return running, reach[order]
