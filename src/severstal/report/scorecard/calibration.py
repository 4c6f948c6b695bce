"""Whether the class probabilities mean what they say: of all pairs given 70 %, 70 % should have the class."""

from dataclasses import dataclass

import numpy as np

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """How class probabilities compare with how often the class was there.

    Attributes:
        edges: (B + 1,) of the bins of probability; a bin holds its upper edge, the first its lower one too.
        pairs: (B,) int64 pairs in each bin.
        said: (B,) mean probability of each bin, nan where it is empty.
        present: (B,) share of its pairs with the class, nan where it is empty.
        error: expected calibration error: how far `said` and `present` are apart, over all pairs (Naeini,
            Cooper and Hauskrecht 2015).
        brier: mean squared difference of the probability from 1 where the class is there, from 0 where not.
    """

    edges: np.ndarray
    pairs: np.ndarray
    said: np.ndarray
    present: np.ndarray
    error: float
    brier: float

    def to_dict(self) -> dict[str, object]:
        """The same as lists and numbers."""
        arrays = {name: getattr(self, name).tolist() for name in ("edges", "pairs", "said", "present")}
        return {"error": self.error, "brier": self.brier, **arrays}


@dataclass(frozen=True)
class Calibration:
    """The reliability over the pairs of all classes, and of each class.

    Attributes:
        whole: over all pairs.
        classes: of each class.
    """

    whole: Reliability
    classes: tuple[Reliability, ...]


def calibrate(class_probability: np.ndarray, present: np.ndarray) -> Calibration:
    """Compare class probabilities with the truth.

    Args:
        class_probability: (N, C) uint8, 0 to 255 for 0 to 1, N and C at least 1.
        present: (N, C) bool, whether the image has the class.

    Raises:
        ValueError: the shapes differ, or the probabilities are of another type.

    Example:
        >>> found = calibrate(np.uint8([[51], [51], [204], [255]]), np.array([[0], [1], [1], [1]], bool))
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
    return Calibration(_reliability(probability.ravel(), present.ravel()), classes)


def _reliability(probability: np.ndarray, present: np.ndarray) -> Reliability:
    edges = np.linspace(0, 1, BINS + 1)
    place = np.searchsorted(edges[1:-1], probability)
    pairs = np.bincount(place, minlength=BINS)
    said, there = (np.bincount(place, weights=each, minlength=BINS) for each in (probability, present))
    with np.errstate(invalid="ignore"):
        shares = said / pairs, there / pairs
    return Reliability(
        edges,
        pairs,
        *shares,
        error=float(np.abs(said - there).sum() / len(probability)),
        brier=float(np.mean((probability - present) ** 2)),
    )
