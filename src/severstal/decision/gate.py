"""Gates: the class probability of an image acts as a veto, softly on the map, or on the minimum area."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np

from severstal.decision.levels import MAP_LEVELS, NEVER, to_level
from severstal.errors import SeverstalError

Mode = Literal["none", "veto", "soft", "area"]


@dataclass(frozen=True)
class Gate:
    """A decision on a class by its class probability p in the image, from 0 to 1.

    Attributes:
        mode: "none" leaves p unused. "veto": the class is absent where p < value. "soft": the map is
            multiplied by p ** value before any threshold (4th place of the competition: value 1). "area": the
            minimum area is multiplied by c - (c - 1) p with c = value, so that it is as given where p is 1
            and c times that where p is 0 (55th place: c = 5, the best private score on record, 0.91023).
        value: 0 for "none"; a probability above 0 for "veto"; above 0 for "soft"; at least 1 for "area".

    Raises:
        SeverstalError: the mode is unknown, or the value out of its range.

    Example:
        >>> Gate("area", 5)
        Gate(mode='area', value=5)
        >>> Gate("area", 0.5)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: the area gate's value is 0.5: give a factor of at least 1
    """

    mode: Mode = "none"
    value: float = 0.0

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise SeverstalError(f"gate is {self.mode!r}: take one of {', '.join(get_args(Mode))}")
        right, wanted = {
            "none": (lambda value: value == 0, "0, or take another gate"),
            "veto": (lambda value: 0 < value <= 1, "a probability above 0 and at most 1"),
            "soft": (lambda value: 0 < value < math.inf, "a power above 0"),
            "area": (lambda value: 1 <= value < math.inf, "a factor of at least 1"),
        }[self.mode]
        number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if not number or not right(self.value):
            raise SeverstalError(f"the {self.mode} gate's value is {self.value!r}: give {wanted}")

    def __str__(self) -> str:
        return "none" if self.mode == "none" else f"{self.mode} {self.value:g}"


OPEN = Gate()
"""The gate that leaves the class probability unused."""


@lru_cache(maxsize=4096)
def reached_levels(gate: Gate, threshold: float) -> np.ndarray:
    """Return the least value of a map that reaches a threshold behind a gate, by class probability.

    Args:
        gate: "none" and "area" change no level; "veto" lets no value reach below its probability; "soft"
            asks 1 / p ** value times as much of the map as it was, since the map is multiplied by p ** value.
        threshold: probability above 0 and at most 1.

    Returns:
        (256,) int64, at place q for a class probability of q / 255: a level from 1, or 256 where none does.

    Example:
        >>> reached_levels(Gate("veto", 0.5), 0.5)[[0, 127, 128, 255]]
        array([256, 256, 128, 128])
        >>> reached_levels(Gate("soft", 1), 0.5)[[0, 127, 128, 255]]
        array([256, 256, 255, 128])
    """
    levels = np.full(MAP_LEVELS, to_level(threshold))
    if gate.mode == "veto":
        levels[: to_level(gate.value)] = NEVER
    elif gate.mode == "soft":
        factor = np.linspace(0, 1, MAP_LEVELS) ** gate.value
        with np.errstate(divide="ignore", over="ignore"):
            # The tolerance of `to_level`, so that both give the same level where the factor is 1.
            levels = np.ceil(threshold * 255 / factor - 1e-9).clip(1, NEVER).astype(np.int64)
    levels.flags.writeable = False
    return levels


def gated_area(gate: Gate, area: np.ndarray | int, probability: np.ndarray | int) -> np.ndarray:
    """Return the largest minimum area, behind a gate, that an area fulfils.

    Args:
        gate: only "area" changes an area: it is divided by c - (c - 1) p, which is the same as multiplying
            the minimum area by it.
        area: pixels, of any shape.
        probability: class probabilities, whole numbers from 0 to 255, of a shape to go with it.

    Returns:
        Whole pixels, int64: a minimum area of at most as many is fulfilled.

    Example:
        >>> gated_area(Gate("area", 5), np.array([3000, 3000]), np.uint8([0, 255]))
        array([ 600, 3000])
    """
    if gate.mode != "area":
        return np.asarray(area, np.int64)
    factor = gate.value - (gate.value - 1) * (np.asarray(probability) / 255)
    # The tolerance takes a float just below a whole number, by rounding, for that number.
    return np.floor(area / factor + 1e-9).astype(np.int64)
