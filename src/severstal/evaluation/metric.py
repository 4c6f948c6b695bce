"""What every metric is: counts that add up, so that any split into batches gives the same bits."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from severstal.competition.spec import Spec


class Metric(ABC):
    """Sums over pictures, and the figures that follow from them.

    The sums are whole numbers, or float64 values added without rounding, as fractions of a power of two:
    their order cannot matter, nor in how many processes they were taken, and they take no more room after a
    million pictures than after one. Masks of several classes may overlap: each class is a question by itself,
    "is the pixel of this class?".

    Attributes:
        spec: the C classes and the shape of the pictures.
        sums: by name, arrays that `merge` adds up.
    """

    def __init__(self, spec: Spec, **sums: np.ndarray) -> None:
        self.spec = spec
        self.sums = sums

    @abstractmethod
    def update(self, truth: np.ndarray, prediction: np.ndarray, maps: np.ndarray | None = None) -> None:
        """Add a picture.

        Args:
            truth: (H, W) picture of bits, bit k - 1 for class k.
            prediction: the same of the prediction.
            maps: (C, H, W) uint8, 0 to 255 for 0 to 1, for the figures that are about probabilities.
        """

    @abstractmethod
    def compute(self) -> dict[str, np.ndarray]:
        """The figures by name: (1 + C,) float64, first of all classes, then of each; nan where undefined.

        That of all classes is the mean over those that have a value, unless the metric says otherwise.
        """

    def merge(self, other: "Metric") -> None:
        """Add what another metric of the same kind, settings and classes has seen.

        Raises:
            ValueError: it is of another kind, other settings or other classes.
        """
        if self._kind() != other._kind():
            raise ValueError(f"{self._kind()} cannot take in {other._kind()}")
        for name in self.sums:
            self.sums[name] = self.sums[name] + other.sums[name]

    def _kind(self) -> tuple[object, ...]:
        """What two metrics must share to be merged."""
        settings = {name: value for name, value in vars(self).items() if name != "sums"}
        return type(self).__name__, settings


def new_counts(*shape: int) -> np.ndarray:
    """Whole numbers that count from 0."""
    return np.zeros(shape, np.int64)


def exact_sums(classes: int) -> np.ndarray:
    """(C,) sums that do not round, from 0: add `Fraction(float)` to them."""
    return np.array([Fraction(0)] * classes, object)


def exact_mean(sums: np.ndarray, number: np.ndarray) -> np.ndarray:
    """(C,) means of exact sums over so many values; nan where there are none.

    Example:
        >>> exact_mean(np.array([Fraction(0.5) + Fraction(0.25), Fraction(0)]), np.array([2, 0]))
        array([0.375,   nan])
    """
    return np.array([float(s / int(n)) if n else np.nan for s, n in zip(sums, number, strict=True)])


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part / whole` as float64, nan where `whole` is 0.

    Example:
        >>> ratio(np.array([1, 0]), np.array([2, 0]))
        array([0.5, nan])
    """
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole != 0)


def mean_first(values: np.ndarray) -> np.ndarray:
    """The mean over the classes that have a value, then the values of the classes.

    Example:
        >>> mean_first(np.array([0.5, np.nan, 1.0]))
        array([0.75, 0.5 ,  nan, 1.  ])
    """
    known = values[~np.isnan(values)]
    return np.append(known.mean() if known.size else np.nan, values)


def of_all(value: float, classes: int) -> np.ndarray:
    """A figure that no single class has.

    Example:
        >>> of_all(0.5, 2)
        array([0.5, nan, nan])
    """
    return np.append(float(value), np.full(classes, np.nan))


def paired_planes(truth: np.ndarray, prediction: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """The classes that either picture of bits has: place from 0, true and predicted mask, (H, W) bool.

    Example:
        >>> [(k, t.tolist(), p.tolist()) for k, t, p in paired_planes(np.uint8([[2, 0]]), np.uint8([[2, 2]]))]
        [(1, [[True, False]], [[True, True]])]
    """
    there = int(np.bitwise_or.reduce(truth | prediction, axis=None))
    for index in range(there.bit_length()):
        if there >> index & 1:
            bit = truth.dtype.type(1 << index)
            yield index, (truth & bit) != 0, (prediction & bit) != 0
