"""Where the points went that a score lacks to 1: missed defects, false alarms, outlines of found defects."""

from dataclasses import dataclass

import numpy as np

from severstal.competition.metric import pair_dice

KINDS = ("missed", "alarms", "outlines")


@dataclass(frozen=True)
class Loss:
    """What some pairs took from the score, in points of the score over all pairs, each from 0 to 1.

    Attributes:
        missed: by pairs with a defect that were predicted empty.
        alarms: by pairs without a defect that were not.
        outlines: by pairs with a defect that were not predicted empty: 1 less their Dice, so that a mask
            drawn where the defect is not counts in full.
        missed_pairs: how many pairs were missed.
        alarm_pairs: how many were false alarms.
        found_pairs: how many defects were found, however badly.
    """

    missed: float
    alarms: float
    outlines: float
    missed_pairs: int
    alarm_pairs: int
    found_pairs: int

    @property
    def total(self) -> float:
        """All three together."""
        return self.missed + self.alarms + self.outlines


@dataclass(frozen=True)
class Budget:
    """Where the missing points went.

    Attributes:
        whole: over all pairs: `1 - whole.total` is the score.
        classes: of each class its part of `whole`, to which they add up; a class's own score lacks as many
            times more as there are classes.
    """

    whole: Loss
    classes: tuple[Loss, ...]


def spend(intersection: np.ndarray, predicted: np.ndarray, true: np.ndarray) -> Budget:
    """Find where the missing points of a score went.

    Args:
        intersection: (N, C) pixels that both masks have, for N images and C classes; N and C at least 1.
        predicted: (N, C) pixels of the predicted masks.
        true: (N, C) pixels of the true masks.

    Example:
        >>> true, predicted = np.array([[10, 8], [0, 0]]), np.array([[10, 0], [0, 7]])
        >>> budget = spend(np.array([[5, 0], [0, 0]]), predicted, true)
        >>> [getattr(budget.whole, kind) for kind in KINDS], budget.whole.total
        ([0.25, 0.25, 0.125], 0.625)
        >>> budget.classes[0].outlines, budget.classes[1].total
        (0.125, 0.5)
    """
    lack = (1 - pair_dice(intersection, predicted, true)) / np.size(true)  # (N, C)
    drawn, defect = np.asarray(predicted) > 0, np.asarray(true) > 0
    of_kind = [defect & ~drawn, drawn & ~defect, defect & drawn]
    points = np.array([(lack * pairs).sum(axis=0) for pairs in of_kind])  # (3, C)
    counts = np.array([pairs.sum(axis=0) for pairs in of_kind])

    def loss(lost: np.ndarray, pairs: np.ndarray) -> Loss:
        return Loss(*map(float, lost), *map(int, pairs))

    classes = tuple(loss(*column) for column in zip(points.T, counts.T, strict=True))
    return Budget(loss(points.sum(axis=1), counts.sum(axis=1)), classes)
