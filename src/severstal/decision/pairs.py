"""The pairs of one class, tabulated for the search: their gain in score, and the rules that draw them.

The score of a class is the all-empty baseline plus what each drawn pair adds: on a pair with a defect its
Dice, on one without -1, at whatever threshold it is drawn. So Dice over thresholds is needed of the pairs
with a defect alone, one in seven, and of the others only the area that decides whether they are drawn.
"""

from dataclasses import dataclass

import numpy as np

from severstal.competition.metric import pair_dice
from severstal.decision.gate import Gate, gated_area, reached_levels
from severstal.decision.levels import NEVER

NOT_DRAWN = -1


@dataclass(frozen=True)
class PairTable:
    """Pairs of a class that all have a defect, or all have none.

    Attributes:
        rows: (n,) which of the images they are.
        areas: (n, 257) int32, pixels that reach each level; none reaches level 256.
        probability: (n,) uint8 class probability.
        weights: (n,) float64, what a Dice of 1 on the pair adds to the score.
    """

    rows: np.ndarray
    areas: np.ndarray
    probability: np.ndarray
    weights: np.ndarray

    def at(self, table: np.ndarray, gate: Gate, thresholds: tuple[float, ...]) -> np.ndarray:
        """Values of a table over levels at the level where each pair reaches each threshold behind a gate.

        Args:
            table: (n, 257), such as `areas`.
            gate: shifts the level by class probability.
            thresholds: T probabilities.

        Returns:
            (n, T) of the table's type.
        """
        levels = np.stack([reached_levels(gate, value) for value in thresholds], axis=1)  # (256, T)
        if (levels == levels[-1]).all():
            return table[:, levels[-1]]
        return np.take_along_axis(table, levels[self.probability], axis=1)

    def reach(self, gate: Gate, thresholds: tuple[float, ...]) -> np.ndarray:
        """The largest minimum area with which each pair is drawn, for each high threshold.

        Returns:
            (T, n) int32; -1 where no minimum area, not even 0, draws it.
        """
        area = np.ascontiguousarray(self.at(self.areas, gate, thresholds).T)
        reached = gated_area(gate, area, self.probability)
        return np.where(area > 0, reached, NOT_DRAWN).astype(np.int32)


@dataclass(frozen=True)
class PairTables:
    """The pairs of one class.

    Attributes:
        defects: pairs with a defect.
        gains: (P, 257) float64, what a pair with a defect adds to the score if it is drawn from each level.
        clean: pairs without one; each takes its weight from the score if it is drawn.
        empty: score of the all-empty baseline.
        count: images, also those that no threshold draws and that are therefore in neither part.
        squares: sum of the squared weights of all images.
    """

    defects: PairTable
    gains: np.ndarray
    clean: PairTable
    empty: float
    count: int
    squares: float


def make_pairs(
    areas: np.ndarray,
    intersections: np.ndarray,
    true: np.ndarray,
    probability: np.ndarray,
    weights: np.ndarray,
    lowest: int,
) -> PairTables:
    """Tabulate the pairs of a class.

    Args:
        areas: (N, 256) int, pixels of each image's map that are at least each level.
        intersections: (N, 256) int, those of them that are in the true mask.
        true: (N,) int, pixels of the true mask.
        probability: (N,) uint8 class probabilities.
        weights: (N,) float64 of the images, of sum 1.
        lowest: the lowest level that will be asked for; no gate lowers it.

    Example:
        >>> areas = np.repeat([[4, 2, 0]], [1, 200, 55], axis=1)
        >>> sure = np.uint8([200])
        >>> pairs = make_pairs(areas, areas // 2, np.array([2]), sure, np.ones(1), lowest=13)
        >>> pairs.gains[0, [1, 255, 256]], pairs.empty, pairs.defects.reach(Gate("area", 2), (0.5,))
        (array([0.5, 0. , 0. ]), 0.0, array([[1]], dtype=int32))
    """
    defect = true > 0
    drawable = areas[:, lowest] > 0
    parts = []
    for rows in (np.flatnonzero(defect & drawable), np.flatnonzero(~defect & drawable)):
        padded = np.zeros((len(rows), NEVER + 1), np.int32)
        padded[:, :NEVER] = areas[rows]
        parts.append(PairTable(rows, padded, probability[rows], weights[rows]))
    rows = parts[0].rows
    gains = np.zeros((len(rows), NEVER + 1))
    gains[:, :NEVER] = pair_dice(intersections[rows], areas[rows], true[rows, None]) * weights[rows, None]
    empty = float(weights[~defect].sum())
    return PairTables(parts[0], gains, parts[1], empty, len(true), float(np.square(weights).sum()))
