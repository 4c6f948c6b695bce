"""The base of all metrics: sums that do not depend on the split into batches, to the last bit."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from severstal.competition.spec import Spec


class Metric(ABC):
    """Sums over pictures and the values computed from them.

    The sums are integers, or float64 values added exactly as fractions with a power of two as denominator:
    they depend neither on the order nor on the number of processes, and their size does not grow with the
    number of pictures. Masks of several classes may overlap: each class is a binary problem of its own.

    Attributes:
        spec: the C classes and the shape of the pictures.
        sums: arrays that `merge` adds up, by name.
    """

    def __init__(self, spec: Spec, **sums: np.ndarray) -> None:
        self.spec = spec
        self.sums = sums

    @abstractmethod
    def update(self, truth: np.ndarray, prediction: np.ndarray, maps: np.ndarray | None = None) -> None:
        """Add one picture.

        Args:
            truth: (H, W) bitmask, bit k - 1 for class k.
            prediction: (H, W) bitmask.
            maps: (C, H, W) uint8, 0 to 255 for 0 to 1, for the metrics of probabilities.
        """

    @abstractmethod
    def compute(self) -> dict[str, np.ndarray]:
        """The values by name: (1 + C,) float64, of all classes and then of each; nan where undefined.

        The value of all classes is the mean over those that have one, unless the metric states otherwise.
        """

    def merge(self, other: "Metric") -> None:
        """Add the sums of another metric of the same type, settings and classes.

        Raises:
            ValueError: type, settings or classes differ.
        """
        if self._kind() != other._kind():
            raise ValueError(f"{self._kind()} and {other._kind()} cannot be merged")
        for name in self.sums:
            self.sums[name] = self.sums[name] + other.sums[name]

    def _kind(self) -> tuple[object, ...]:
        """Type and settings, which must be equal to merge."""
        settings = {name: value for name, value in vars(self).items() if name != "sums"}
        return type(self).__name__, settings


def new_counts(*shape: int) -> np.ndarray:
    """Integer zeros, to count from."""
    return np.zeros(shape, np.int64)


def exact_sums(classes: int) -> np.ndarray:
    """(C,) exact zeros: adding `Fraction(float)` to them does not round."""
    return np.array([Fraction(0)] * classes, object)


def exact_mean(sums: np.ndarray, number: np.ndarray) -> np.ndarray:
    """(C,) means from exact sums and numbers of values; nan without a value.

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
    """The mean over the classes that have a value, followed by the values of the classes.

    Example:
        >>> mean_first(np.array([0.5, np.nan, 1.0]))
        array([0.75, 0.5 ,  nan, 1.  ])
    """
    known = values[~np.isnan(values)]
    return np.append(known.mean() if known.size else np.nan, values)


def of_all(value: float, classes: int) -> np.ndarray:
    """A value over all classes that no single class has.

    Example:
        >>> of_all(0.5, 2)
        array([0.5, nan, nan])
    """
    return np.append(float(value), np.full(classes, np.nan))


def paired_planes(truth: np.ndarray, prediction: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """The classes in either bitmask: position from 0, true and predicted mask, (H, W) bool.

    Example:
        >>> [(k, t.tolist(), p.tolist()) for k, t, p in paired_planes(np.uint8([[2, 0]]), np.uint8([[2, 2]]))]
        [(1, [[True, False]], [[True, True]])]
    """
    there = int(np.bitwise_or.reduce(truth | prediction, axis=None))
    for index in range(there.bit_length()):
        if there >> index & 1:
            bit = truth.dtype.type(1 << index)
            yield index, (truth & bit) != 0, (prediction & bit) != 0
