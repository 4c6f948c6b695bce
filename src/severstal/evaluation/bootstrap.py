"""Bootstrap intervals of a score and of the difference of two scores, over groups of images.

Images of one group, such as two pictures of the same place on a sheet, are resampled together: treated as
independent, they would make every interval too narrow (Efron and Tibshirani 1993, chapter 8).
"""

from dataclasses import dataclass

import numpy as np

from severstal.errors import SeverstalError

_RESAMPLES = 2000
_LEVEL = 0.95
_BLOCK = 2**22  # groups sampled at a time, which bounds the memory at any number of images


@dataclass(frozen=True)
class Interval:
    """The 95 % bootstrap interval of a score.

    Attributes:
        low: lower end.
        high: upper end.
        mean: the score itself.
    """

    low: float
    high: float
    mean: float


@dataclass(frozen=True)
class PairedDifference:
    """The difference of the scores of two predictions of the same images.

    Attributes:
        mean: first score - second score.
        low: lower end of its 95 % interval.
        high: upper end.
        probability: share of the resamples in which the first scores higher; ties count half.
    """

    mean: float
    low: float
    high: float
    probability: float

    @property
    def is_significant(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


def interval(
    pair_dice: np.ndarray, groups: np.ndarray, resamples: int = _RESAMPLES, seed: int = 0
) -> Interval:
    """Return the 95 % bootstrap interval of a mean Dice.

    Args:
        pair_dice: (N, C) Dice of each pair of N images and C classes; (N, 1) for one class.
        groups: (N,) integers, the group of each image; `np.arange(N)` for independent images.
        resamples: number of resamples; with 2,000 an end is known to about a fiftieth of the interval.
        seed: random seed of the resampling.

    Raises:
        SeverstalError: there is no image.
        ValueError: the shapes do not match.

    Example:
        >>> dice = np.array([[1.0], [0.5], [0.0], [1.0]])
        >>> interval(dice, np.array([0, 0, 1, 1]))
        Interval(low=0.5, high=0.75, mean=0.625)
    """
    means = _resampled(pair_dice, groups, resamples, seed)
    low, high = _ends(means)
    return Interval(low, high, float(np.mean(pair_dice)))


def paired(
    dice_a: np.ndarray,
    dice_b: np.ndarray,
    groups: np.ndarray,
    resamples: int = _RESAMPLES,
    seed: int = 0,
) -> PairedDifference:
    """Return the paired difference of two predictions of the same images.

    Args:
        dice_a: (N, C) Dice of each pair.
        dice_b: (N, C) Dice of each pair in the other prediction.
        groups: (N,) the group of each image.
        resamples: number of resamples.
        seed: random seed of the resampling.

    Raises:
        SeverstalError: there is no image.
        ValueError: the shapes do not match.

    Example:
        >>> better = np.array([[1.0], [0.5], [0.75], [1.0]])
        >>> paired(better, better - 0.25, np.arange(4))
        PairedDifference(mean=0.25, low=0.25, high=0.25, probability=1.0)
    """
    if np.shape(dice_a) != np.shape(dice_b):
        raise ValueError(f"Dice of shapes {np.shape(dice_a)} and {np.shape(dice_b)}: compare the same pairs")
    difference = np.asarray(dice_a, np.float64) - dice_b
    means = _resampled(difference, groups, resamples, seed)
    low, high = _ends(means)
    probability = np.mean(means > 0) + np.mean(means == 0) / 2
    return PairedDifference(float(difference.mean()), low, high, float(probability))


def group_counts(groups: np.ndarray, resamples: int, seed: int = 0) -> np.ndarray:
    """The multiplicity of each image in each resample, equal within a group.

    Returns:
        (resamples, N) int64.

    Example:
        >>> counts = group_counts(np.array([7, 7, 9]), 4)
        >>> (counts[:, 0] == counts[:, 1]).all(), (counts[:, 1] + counts[:, 2]).tolist()
        (np.True_, [2, 2, 2, 2])
    """
    names, place = np.unique(groups, return_inverse=True)
    random = np.random.default_rng(seed)
    drawn = random.integers(0, len(names), (resamples, len(names)))
    counts = np.stack([np.bincount(row, minlength=len(names)) for row in drawn])
    return counts[:, place]


def _resampled(values: np.ndarray, groups: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """The mean of (N, C) values in each resample: (resamples,) float64."""
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or np.shape(groups) != values.shape[:1]:
        raise ValueError(f"values are {values.shape} and groups {np.shape(groups)}: give (N, C) and (N,)")
    if not values.size:
        raise SeverstalError("no image to resample: score at least one")
    _, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    sums = np.bincount(place, weights=values.mean(axis=1))  # (G,)
    random = np.random.default_rng(seed)
    means = np.empty(resamples)
    rows = max(1, _BLOCK // len(sums))
    for start in range(0, resamples, rows):
        part = means[start : start + rows]
        drawn = random.integers(0, len(sums), (len(part), len(sums)), dtype=np.int32)
        # Groups differ in size, and so do resamples.
        part[:] = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return means


def _ends(means: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)
