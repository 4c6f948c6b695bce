"""The objective of the search: the mean over images, unweighted or weighted by likeness to the test set."""

import numpy as np

from severstal.competition.metric import pair_dice
from severstal.decision.rules import Rules, plain_rules
from severstal.decision.score import pair_areas
from severstal.decision.summary import Summary
from severstal.errors import SeverstalError
from severstal.evaluation.rule_scores import WeightedScore


def normalised(weights: np.ndarray | None, count: int) -> np.ndarray:
    """Return weights of images, normalised to a sum of 1.

    Args:
        weights: (N,) weights of 0 or more, such as the images' likeness to the test set; None for equal
            weights.
        count: N.

    Returns:
        (N,) float64.

    Raises:
        SeverstalError: a weight is negative or non-finite, or all are 0.
        ValueError: there are more or fewer weights than images.

    Example:
        >>> normalised(np.array([1, 0, 3]), 3)
        array([0.25, 0.  , 0.75])
    """
    if weights is None:
        return np.full(count, 1 / max(count, 1))
    weights = np.asarray(weights, np.float64)
    if weights.shape != (count,):
        raise ValueError(f"weights are of shape {weights.shape}; there are {count} images")
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(wrong):
        raise SeverstalError(
            f"the weight of image {wrong[0] + 1} is {weights[wrong[0]]}: give a finite number of 0 or more"
        )
    if not weights.any():
        raise SeverstalError("the weights of all images are 0: give at least one above 0")
    return weights / weights.sum()


def weighted_mean(dice: np.ndarray, weights: np.ndarray | None) -> float:
    """The mean over classes of the weighted mean over images.

    Args:
        dice: (N, C) Dice of each pair.
        weights: (N,), see `normalised`.

    Example:
        >>> weighted_mean(np.array([[1.0, 1.0], [0.0, 0.5]]), np.array([3, 1]))
        0.8125
    """
    return float(normalised(weights, len(dice)) @ dice.mean(axis=1))


def weighted_score(summary: Summary, rules: Rules, weights: np.ndarray | None) -> WeightedScore:
    """Score rules in the weighted mean, beside plain 0.5 and the all-empty baseline."""
    found, plain = (
        weighted_mean(pair_dice(*pair_areas(summary, each)), weights)
        for each in (rules, plain_rules(summary.spec))
    )
    return WeightedScore(found, plain, weighted_mean(summary.true == 0, weights))
