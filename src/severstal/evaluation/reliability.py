"""Reliability of the class probabilities: of all pairs predicted at 70 %, 70 % should have the class."""

from dataclasses import dataclass

import numpy as np

_BINS = 10


@dataclass(frozen=True)
class Reliability:
    """Class probabilities beside the observed frequency of the class, in bins of equal width.

    Attributes:
        edges: (B + 1,) edges of the bins; a bin is open below and closed above, the first closed on both
            sides.
        pairs: (B,) int64 pairs in each bin.
        predicted: (B,) mean probability of each bin, nan where it is empty.
        observed: (B,) share of its pairs that have the class, nan where it is empty.
        error: expected calibration error: the distance of `predicted` from `observed`, averaged over all
            pairs (Naeini, Cooper and Hauskrecht 2015).
        brier: Brier score: the mean squared difference of the probability from 1 where the class is present
            and from 0 where it is absent.
    """

    edges: np.ndarray
    pairs: np.ndarray
    predicted: np.ndarray
    observed: np.ndarray
    error: float
    brier: float

    def to_dict(self) -> dict[str, object]:
        """The same as lists and numbers."""
        arrays = {name: getattr(self, name).tolist() for name in ("edges", "pairs", "predicted", "observed")}
        return {"error": self.error, "brier": self.brier, **arrays}


@dataclass(frozen=True)
class ReliabilityByClass:
    """The reliability over the pairs of all classes, and of each class.

    Attributes:
        whole: reliability over all pairs.
        classes: reliability of each class.
    """

    whole: Reliability
    classes: tuple[Reliability, ...]


def measure_reliability(class_probability: np.ndarray, present: np.ndarray) -> ReliabilityByClass:
    """Compare class probabilities with the truth.

    Args:
        class_probability: (N, C) uint8, 0 to 255 for 0 to 1, N and C at least 1.
        present: (N, C) bool, whether the image has the class.

    Raises:
        ValueError: the shapes differ, or the probabilities are of another type.

    Example:
        >>> probability = np.uint8([[51], [51], [204], [255]])
        >>> found = measure_reliability(probability, np.array([[0], [1], [1], [1]], bool))
        >>> found.whole.pairs.tolist(), round(found.whole.error, 3), round(found.whole.brier, 3)
        ([0, 2, 0, 0, 0, 0, 0, 1, 0, 1], 0.2, 0.18)
    """
    if class_probability.dtype != np.uint8 or class_probability.shape != present.shape:
        raise ValueError(
            f"class probabilities are {class_probability.shape} of {class_probability.dtype}; they must be "
            f"{present.shape} of uint8"
        )
    probability = class_probability / 255
    classes = tuple(map(_reliability, probability.T, present.T))
    return ReliabilityByClass(_reliability(probability.ravel(), present.ravel()), classes)


def _reliability(probability: np.ndarray, present: np.ndarray) -> Reliability:
    edges = np.linspace(0, 1, _BINS + 1)
    place = np.searchsorted(edges[1:-1], probability)
    pairs = np.bincount(place, minlength=_BINS)
    sums = [np.bincount(place, weights=each, minlength=_BINS) for each in (probability, present)]
    with np.errstate(invalid="ignore"):
        predicted, observed = (each / pairs for each in sums)
    return Reliability(
        edges,
        pairs,
        predicted,
        observed,
        error=float(np.abs(sums[0] - sums[1]).sum() / len(probability)),
        brier=float(np.mean((probability - present) ** 2)),
    )
