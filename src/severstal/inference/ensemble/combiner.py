"""The mean of several members' probabilities: plain, of logits, of powers or of ranks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np

from severstal.errors import SeverstalError
from severstal.files import read_json, write_json
from severstal.inference.maps import MapReader
from severstal.progress import progress

AveragingMode = Literal["mean", "logit", "power", "rank"]

_LEVELS = 256
_STEPS = 65_535  # steps of an average between its least and its greatest value, before it becomes a level
_EDGE = 0.25 / 255  # stands for 0 where a logit is taken, and 1 less that for 1


@dataclass(frozen=True)
class Combiner:
    """How members become one.

    Attributes:
        mode: "mean" of the probabilities, of their "logit" (4th place), of their "power" (2 is khornlund's
            root mean square, +0.001 public and -0.007 private; 0.5 sharpens), or of their "rank" among all
            pixels of the class in the member's out-of-fold maps.
        weights: of the members, at least 0; kept with a sum of 1.
        power: the exponent, above 0, of the power mean.
        ranks: (M, C, 256) shares of pixels below each level, and half of those at it; only where rank is the
            sense.

    Raises:
        SeverstalError: the mode is unknown, there are no weights, one is below 0 or no number, or the
            exponent is not above 0.

    Example:
        >>> two = np.uint8([[0, 100]]), np.uint8([[0, 200]])
        >>> Combiner("mean", (1, 1))(two), Combiner("mean", (3, 1))(two), Combiner("power", (1, 1), 2)(two)
        (array([[  0, 150]], dtype=uint8), array([[  0, 125]], dtype=uint8), array([[  0, 158]], dtype=uint8))
    """

    mode: AveragingMode
    weights: tuple[float, ...]
    power: float = 1.0
    ranks: np.ndarray | None = None

    def __post_init__(self) -> None:
        check_mean(self.mode, self.weights, self.power)
        weights = np.array(self.weights, float)
        if (self.mode == "rank") != (self.ranks is not None):
            raise ValueError("ranks belong to the mode rank, and to no other")
        object.__setattr__(self, "weights", tuple((weights / weights.sum()).tolist()))

    def __call__(self, members: Sequence[np.ndarray]) -> np.ndarray:
        """Average one picture's maps, or class probabilities.

        Args:
            members: of each member (C, ...) uint8, of equal shape.

        Returns:
            The same shape, uint8.
        """
        combined = np.empty_like(members[0])
        planes = [np.ascontiguousarray(member).reshape(len(member), 1, -1) for member in members]
        for index in range(len(combined)):
            values, levels = self._tables[index if self.ranks is not None else 0]
            total = np.full(planes[0][index].shape, 0.5, np.float32)
            for plane, table, weight in zip(planes, values, self.weights, strict=True):
                if weight:
                    total += cv2.LUT(plane[index], table)
            combined[index] = np.take(levels, total.astype(np.uint16)).reshape(combined.shape[1:])
        return combined

    def save(self, path: str | Path) -> None:
        """Write it as JSON, whole."""
        value: dict[str, Any] = {"mode": self.mode, "weights": self.weights, "power": self.power}
        write_json(path, {**value, "ranks": None if self.ranks is None else self.ranks.tolist()})

    @classmethod
    def load(cls, path: str | Path) -> "Combiner":
        """Read what `save` wrote.

        Raises:
            SeverstalError: the file is missing or damaged.
        """
        value = read_json(path)
        try:
            ranks = None if value["ranks"] is None else np.array(value["ranks"], float)
            return cls(value.get("mode", value.get("sense")), tuple(value["weights"]), value["power"], ranks)
        except (KeyError, TypeError, ValueError) as error:
            raise SeverstalError(f"{path}: not a combiner of maps: delete it and run again") from error

    @cached_property
    def _tables(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of each class, or of all alike: (M, 256) values in steps, and the level of each sum of steps."""
        weights = np.array(self.weights)
        levels = np.arange(_LEVELS) / 255
        halves = (levels[1:] + levels[:-1]) / 2  # from here on, the next level is the nearer one
        tables = []
        for index in range(self.ranks.shape[1] if self.ranks is not None else 1):
            if self.ranks is None:
                values = np.tile(self._value(levels), (len(weights), 1))
                borders = self._value(halves)
            else:
                values = self.ranks[:, index]
                pooled = weights @ values  # the mean rank, were all members at that level
                borders = (pooled[1:] + pooled[:-1]) / 2
            low, high = weights @ values[:, 0], weights @ values[:, -1]
            steps = weights[:, None] * (values - values[:, :1]) / (high - low) * _STEPS
            reached = np.searchsorted(
                (borders - low) / (high - low) * _STEPS, np.arange(_STEPS + 1), side="right"
            )
            tables.append((steps.astype(np.float32), reached.astype(np.uint8)))
        return tables

    def _value(self, probability: np.ndarray) -> np.ndarray:
        """What is averaged in place of a probability."""
        match self.mode:
            case "logit":
                clipped = probability.clip(_EDGE, 1 - _EDGE)
                return np.log(clipped / (1 - clipped))
            case "power":
                return probability**self.power
        return probability


def check_mean(mode: AveragingMode, weights: Sequence[float], power: float = 1.0) -> None:
    """Check that members can be averaged so; no map is needed for that.

    Args:
        mode: of the mean.
        weights: of the members.
        power: the exponent, of the power mean.

    Raises:
        SeverstalError: the mode is unknown, there are no weights, one is below 0 or no number, or the
            exponent is not above 0.

    Example:
        >>> check_mean("power", (1, 2), 0)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: power is 0: give a number above 0
    """
    if mode not in get_args(AveragingMode):
        raise SeverstalError(f"mode is {mode!r}: take one of {', '.join(get_args(AveragingMode))}")
    given = np.array(weights, float)
    if not given.size or not (given >= 0).all() or not 0 < given.sum() < np.inf:
        raise SeverstalError(f"weights are {weights}: give each run one of at least 0, not all 0")
    if not 0 < power < np.inf:
        raise SeverstalError(f"power is {power}: give a number above 0")


def fit_combiner(
    mode: AveragingMode, weights: Sequence[float], readers: Sequence[MapReader], power: float = 1.0
) -> Combiner:
    """Make a combiner for members; only for ranks is there anything to learn from their maps.

    Args:
        mode: of the mean.
        weights: of the members.
        readers: their out-of-fold maps. The ranks found there serve the test maps too, so that thresholds
            keep their meaning.
        power: the exponent, of the power mean.
    """
    if mode != "rank":
        return Combiner(mode, tuple(weights), power)
    ranks = []
    for reader in readers:
        counts = np.zeros((len(reader.spec.classes), _LEVELS))
        for maps in progress(reader, f"ranks of {reader.layout.run}", total=len(reader)):
            counts += [cv2.calcHist([plane], [0], None, [_LEVELS], [0, _LEVELS]).ravel() for plane in maps]
        shares = counts / counts.sum(1, keepdims=True)
        ranks.append(shares.cumsum(1) - shares / 2)
    return Combiner(mode, tuple(weights), power, np.stack(ranks))
