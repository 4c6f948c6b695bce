"""The mean of several members' probabilities: arithmetic, or of their logits, powers or ranks.

This is Kolmogorov's generalised mean: each member's value is mapped by a monotone function, the results are
averaged with the members' weights, and the average is mapped back. Maps are uint8, so the function is a table
of 256 entries, and mapping back is a search for the level among the averages of equal members. Where levels
lie far enough apart on a linear scale, as for probabilities and logits, a table of 65,536 steps replaces that
search: 4 ms in place of 53 for a picture of the competition and three members, on one core.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np

from severstal.errors import SeverstalError
from severstal.files import digest, read_json, write_json
from severstal.inference.maps import MapReader
from severstal.progress import progress

AveragingMode = Literal["mean", "logit", "power", "rank"]

_LEVELS = 256
_STEPS = 65_535  # steps of an average between its least and its greatest value, where a table maps it back
_STEPS_PER_LEVEL = 8  # the fewest between two levels that such a table tells apart well enough
_RAMP = 1e-11  # added to ranks from level 0 to 255, so that levels without a pixel differ
_EDGE = 0.25 / 255  # stands for 0 where a logit is taken, and 1 less that for 1


@dataclass(frozen=True)
class Combiner:
    """The averaging of the members of an ensemble.

    Attributes:
        mode: averaging mode: "mean" of the probabilities, of their "logit" (4th place), of their "power" (2
            is khornlund's root mean square, +0.001 public and -0.007 private; 0.5 sharpens), or of their
            "rank" among all pixels of the class in the member's out-of-fold maps.
        weights: weights of the members, at least 0; normalised to a sum of 1.
        power: exponent of the power mean, 0.01 to 100.
        ranks: (M, C, 256) share of pixels below each level plus half of those at it; only for mode "rank".
        fold_weights: weights selected without the images of a fold, by fold; empty where the weights were not
            selected on labelled images.

    Raises:
        SeverstalError: the mode is unknown, there are no weights, a weight is negative or non-finite, or the
            exponent is out of range.

    Example:
        >>> two = np.uint8([[0, 100]]), np.uint8([[0, 200]])
        >>> Combiner("mean", (1, 1))(two), Combiner("mean", (3, 1))(two), Combiner("power", (1, 1), 2)(two)
        (array([[  0, 150]], dtype=uint8), array([[  0, 125]], dtype=uint8), array([[  0, 158]], dtype=uint8))
    """

    mode: AveragingMode
    weights: tuple[float, ...]
    power: float = 1.0
    ranks: np.ndarray | None = None
    fold_weights: Mapping[int, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for weights in (self.weights, *self.fold_weights.values()):
            check_mean(self.mode, weights, self.power)
            if len(weights) != len(self.weights):
                raise ValueError(f"{len(weights)} weights of a fold for {len(self.weights)} members")
        if (self.mode == "rank") != (self.ranks is not None):
            raise ValueError("ranks belong to the mode rank, and to no other")
        object.__setattr__(self, "weights", _normalised(self.weights))
        by_fold = {fold: _normalised(weights) for fold, weights in self.fold_weights.items()}
        object.__setattr__(self, "fold_weights", by_fold)

    def __call__(self, members: Sequence[np.ndarray]) -> np.ndarray:
        """Average the maps, or the class probabilities, of one picture.

        Args:
            members: the picture's maps, (C, ...) uint8, one per member, of equal shape.

        Returns:
            The same shape, uint8. Equal members give that member; the result lies between the lowest and the
            highest member and never falls where a member rises.
        """
        combined = np.empty_like(members[0])
        planes = [np.ascontiguousarray(member).reshape(len(member), 1, -1) for member in members]
        for index in range(len(combined)):
            table = self._tables[index if self.ranks is not None else 0]
            plane = table([member[index] for member in planes], self.weights)
            combined[index] = plane.reshape(combined.shape[1:])
        return combined

    def without_fold(self, fold: int) -> "Combiner":
        """The combiner for the out-of-fold maps of a fold: with the weights selected without its images.

        Example:
            >>> Combiner("mean", (1, 1), fold_weights={0: (3, 1)}).without_fold(0).weights
            (0.75, 0.25)
        """
        return replace(self, weights=self.fold_weights.get(fold, self.weights), fold_weights={})

    def lookup_tables(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The combiner as two tables, for a runtime other than NumPy.

        The average of levels `l_1, ..., l_M` is `levels[int(0.5 + values[0, l_1] + ... + values[M-1, l_M])]`,
        summed in that order in float32.

        Returns:
            Values (M, 256) float32 and levels (65536,) uint8; None where the mode, or its exponent, has no
            such tables.

        Example:
            >>> values, levels = Combiner("mean", (1, 1)).lookup_tables()
            >>> levels[int(np.float32(0.5) + values[0, 100] + values[1, 200])]
            np.uint8(150)
        """
        return None if self.ranks is not None else self._tables[0].lookup()

    def maps_key(self, members: Sequence[str], held_out: bool) -> str:
        """Checksum of all that the averaged maps depend on.

        Args:
            members: the key of each member's maps.
            held_out: whether these are out-of-fold maps, to which `fold_weights` apply.
        """
        ranks = None if self.ranks is None else self.ranks.tolist()
        made_of = [list(members), self.mode, self.weights, self.power, ranks]
        if held_out and self.fold_weights:
            made_of.append({str(fold): weights for fold, weights in self.fold_weights.items()})
        return digest(made_of)

    def save(self, path: str | Path) -> None:
        """Write it as JSON, atomically."""
        value: dict[str, Any] = {"mode": self.mode, "weights": self.weights, "power": self.power}
        value["ranks"] = None if self.ranks is None else self.ranks.tolist()
        if self.fold_weights:
            value["fold_weights"] = self.fold_weights
        write_json(path, value)

    @classmethod
    def load(cls, path: str | Path) -> "Combiner":
        """Read what `save` wrote.

        Raises:
            SeverstalError: the file is missing or damaged.
        """
        value = read_json(path)
        try:
            mode = value.get("mode", value.get("sense"))  # the first edition's word
            ranks = None if value["ranks"] is None else np.array(value["ranks"], float)
            by_fold = {int(fold): tuple(each) for fold, each in value.get("fold_weights", {}).items()}
            return cls(mode, tuple(value["weights"]), value["power"], ranks, by_fold)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise SeverstalError(f"{path}: not a combiner of maps: delete it and run again") from error

    @cached_property
    def _tables(self) -> list["_Table"]:
        """Of each class for ranks, or one for all classes."""
        levels = np.arange(_LEVELS) / 255
        if self.ranks is None:
            values = np.tile(self._value(levels), (len(self.weights), 1))
            # From half-way between two probabilities on, the higher one is the nearer.
            return [_Table(values, self._value((levels[1:] + levels[:-1]) / 2), self.weights)]
        tables = []
        for index in range(self.ranks.shape[1]):
            values = self.ranks[:, index] + _RAMP * levels
            pooled = np.array(self.weights) @ values  # the mean rank where all members are at a level
            tables.append(_Table(values, (pooled[1:] + pooled[:-1]) / 2, self.weights))
        return tables

    def _value(self, probability: np.ndarray) -> np.ndarray:
        """Transform a probability to the value that is averaged."""
        match self.mode:
            case "logit":
                clipped = probability.clip(_EDGE, 1 - _EDGE)
                return np.log(clipped / (1 - clipped))
            case "power":
                return probability**self.power
        return probability


class _Table:
    """One generalised mean: from the members' levels to the level of their average.

    Args:
        values: (M, 256) float64, what is averaged in place of each level of each member, ascending.
        borders: (255,) the least average that belongs to each level from 1.
        weights: (M,) of the members, with a sum of 1.
    """

    def __init__(self, values: np.ndarray, borders: np.ndarray, weights: Sequence[float]) -> None:
        shares = np.array(weights)
        low, high = shares @ values[:, 0], shares @ values[:, -1]
        steps = (borders - low) / (high - low) * _STEPS
        self._levels: np.ndarray | None = None
        if np.diff(steps).min() >= _STEPS_PER_LEVEL:
            self._values = shares[:, None] * (values - values[:, :1]) / (high - low) * _STEPS
            self._values = self._values.astype(np.float32)
            reached = np.searchsorted(steps, np.arange(_STEPS + 1), side="right")
            self._levels = reached.astype(np.uint8)
        else:
            self._values = shares[:, None] * values
            self._borders = borders

    def lookup(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Values (M, 256) float32 and levels (65536,) uint8; None where levels are searched for."""
        return None if self._levels is None else (self._values, self._levels)

    def __call__(self, planes: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
        """(1, n) uint8 of the members' (1, n) uint8."""
        parts = [
            cv2.LUT(plane, table)
            for plane, table, weight in zip(planes, self._values, weights, strict=True)
            if weight
        ]
        if self._levels is not None:
            total = np.full(planes[0].shape, 0.5, np.float32)
            for part in parts:
                total += part
            return np.take(self._levels, total.astype(np.uint16))
        total = sum(parts[1:], start=parts[0])
        return np.searchsorted(self._borders, total, side="right").astype(np.uint8)


def _normalised(weights: Sequence[float]) -> tuple[float, ...]:
    given = np.array(weights, float)
    return tuple((given / given.sum()).tolist())


def check_mean(mode: AveragingMode, weights: Sequence[float], power: float = 1.0) -> None:
    """Check the settings of an average; no maps are needed for that.

    Args:
        mode: averaging mode.
        weights: weights of the members.
        power: exponent of the power mean.

    Raises:
        SeverstalError: the mode is unknown, there are no weights, a weight is negative or non-finite, or the
            exponent is out of range.

    Example:
        >>> check_mean("power", (1, 2), 0)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: power is 0: give a number from 0.01 to 100
    """
    if mode not in get_args(AveragingMode):
        raise SeverstalError(f"mode is {mode!r}: take one of {', '.join(get_args(AveragingMode))}")
    given = np.array(weights, float)
    if not given.size or not (given >= 0).all() or not 0 < given.sum() < np.inf:
        raise SeverstalError(f"weights are {weights}: give each run one of at least 0, not all 0")
    if not 0.01 <= power <= 100:  # beyond 100, powers of the lowest levels leave the range of float64
        raise SeverstalError(f"power is {power}: give a number from 0.01 to 100")


def fit_combiner(
    mode: AveragingMode,
    weights: Sequence[float],
    readers: Sequence[MapReader],
    power: float = 1.0,
    fold_weights: Mapping[int, Sequence[float]] | None = None,
) -> Combiner:
    """Make the combiner of some members; only the ranks are computed from their maps.

    Args:
        mode: averaging mode.
        weights: weights of the members.
        readers: out-of-fold maps of the members. The ranks found there also apply to the test maps, so that
            thresholds keep their meaning.
        power: exponent of the power mean.
        fold_weights: weights selected without the images of a fold, by fold, as `Selection.fold_weights` has
            them.
    """
    by_fold = {fold: tuple(each) for fold, each in (fold_weights or {}).items()}
    if mode != "rank":
        return Combiner(mode, tuple(weights), power, fold_weights=by_fold)
    ranks = []
    for reader in readers:
        counts = np.zeros((len(reader.spec.classes), _LEVELS))
        for maps in progress(reader, f"ranks of {reader.layout.run}", total=len(reader)):
            counts += [cv2.calcHist([plane], [0], None, [_LEVELS], [0, _LEVELS]).ravel() for plane in maps]
        shares = counts / counts.sum(1, keepdims=True)
        ranks.append(shares.cumsum(1) - shares / 2)
    return Combiner(mode, tuple(weights), power, np.stack(ranks), by_fold)
