"""The error budget of a score: points lost to missed defects, to false alarms and to inexact outlines."""

from dataclasses import dataclass

import numpy as np

from severstal.competition.metric import pair_dice

BUDGET_PARTS = ("missed", "alarms", "outlines")


@dataclass(frozen=True)
class LostPoints:
    """Points that some pairs lose, in units of the score over all pairs, each from 0 to 1.

    Attributes:
        missed: lost by missed defects: pairs with a true mask and without a predicted one.
        alarms: lost by false alarms: pairs with a predicted mask and without a true one.
        outlines: lost by found defects: 1 - Dice of the pairs with both masks, which is 1 where these do not
            overlap.
        missed_pairs: number of missed defects.
        alarm_pairs: number of false alarms.
        found_pairs: number of pairs with both masks, at any Dice.
    """

    missed: float
    alarms: float
    outlines: float
    missed_pairs: int
    alarm_pairs: int
    found_pairs: int

    @property
    def total(self) -> float:
        """The sum of all three."""
        return self.missed + self.alarms + self.outlines


@dataclass(frozen=True)
class ErrorBudget:
    """The points that a score lacks to 1.

    Attributes:
        whole: lost points over all pairs; `1 - whole.total` is the score.
        classes: contribution of each class to `whole`; they add up to it. With C classes, a class's own
            score is `1 - C * total`.
    """

    whole: LostPoints
    classes: tuple[LostPoints, ...]


def error_budget(intersection: np.ndarray, predicted: np.ndarray, true: np.ndarray) -> ErrorBudget:
    """Split the points that a score lacks to 1 by kind of error and by class.

    Args:
        intersection: (N, C) pixels of the intersection of N images and C classes, N and C at least 1.
        predicted: (N, C) pixels of the predicted masks.
        true: (N, C) pixels of the true masks.

    Example:
        >>> true, predicted = np.array([[10, 8], [0, 0]]), np.array([[10, 0], [0, 7]])
        >>> budget = error_budget(np.array([[5, 0], [0, 0]]), predicted, true)
        >>> [getattr(budget.whole, kind) for kind in BUDGET_PARTS], budget.whole.total
        ([0.25, 0.25, 0.125], 0.625)
        >>> budget.classes[0].outlines, budget.classes[1].total
        (0.125, 0.5)
    """
    lost = (1 - pair_dice(intersection, predicted, true)) / np.size(true)  # (N, C)
    drawn, defect = np.asarray(predicted) > 0, np.asarray(true) > 0
    kinds = [defect & ~drawn, drawn & ~defect, defect & drawn]
    points = np.array([(lost * pairs).sum(axis=0) for pairs in kinds])  # (3, C)
    counts = np.array([pairs.sum(axis=0) for pairs in kinds])
    classes = tuple(_lost_points(*column) for column in zip(points.T, counts.T, strict=True))
    return ErrorBudget(_lost_points(points.sum(axis=1), counts.sum(axis=1)), classes)


def _lost_points(points: np.ndarray, pairs: np.ndarray) -> LostPoints:
    return LostPoints(*map(float, points), *map(int, pairs))
