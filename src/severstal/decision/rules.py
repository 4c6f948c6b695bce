"""What turns a map into a mask: two thresholds and a minimum area, for each class."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.files import read_json, write_json


def level(threshold: float) -> int:
    """The least value of a uint8 map, 0 to 255 for 0 to 1, that reaches a threshold in (0, 1].

    Example:
        >>> level(0.5), level(1.0), level(153 / 255)
        (128, 255, 153)
    """
    # Sums such as 0.1 + 0.5 come out a little above what is meant; no threshold is meant so near to a level.
    return max(1, math.ceil(threshold * 255 - 1e-9))


def threshold(reached: int) -> float:
    """The shortest decimal number whose level is `reached`, 1 to 255.

    Example:
        >>> threshold(128), threshold(153), threshold(255), level(threshold(77))
        (0.5, 0.6, 1.0, 77)
    """
    # Levels lie 0.0039 apart, so that three decimals always suffice.
    candidates = (reached * 10**digits // 255 / 10**digits for digits in (1, 2, 3))
    return next(value for value in candidates if value > 0 and level(value) == reached)


@dataclass(frozen=True)
class ClassRule:
    """When a class is drawn, and how.

    The class is drawn where its map reaches `low`, if at least `min_area` pixels, and at least one, reach
    `high`; else not at all. The area is that of the whole mask, never of each component: with the winner's
    minimum areas, dropping whole masks costs the true ones 1.5 % of their Dice, dropping components 4 %.

    Attributes:
        high: probability, 0 (exclusive) to 1 (inclusive), that enough pixels must reach.
        low: probability, above 0 and at most `high`, from which pixels are drawn.
        min_area: in pixels of the full-resolution picture; more than the picture has draws the class nowhere.

    Raises:
        SeverstalError: a value is out of these ranges.

    Example:
        >>> ClassRule(high=0.7, low=0.4, min_area=600)
        ClassRule(high=0.7, low=0.4, min_area=600)
        >>> ClassRule(high=0.4, low=0.7, min_area=600)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: low is 0.7, above high, 0.4: give one of at most high
    """

    high: float
    low: float
    min_area: int

    def __post_init__(self) -> None:
        for name in ("high", "low"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
                raise SeverstalError(f"{name} is {value!r}: give a probability above 0 and at most 1")
        if self.low > self.high:
            raise SeverstalError(f"low is {self.low}, above high, {self.high}: give one of at most high")
        if type(self.min_area) is not int or self.min_area < 0:
            raise SeverstalError(f"min_area is {self.min_area!r}: give a whole number of pixels, 0 or more")


PLAIN = ClassRule(high=0.5, low=0.5, min_area=0)


@dataclass(frozen=True)
class Rules:
    """One rule for each class of a data set.

    Attributes:
        classes: names, in the order of the data set.
        rules: `rules[k - 1]` is that of `ClassId` k.

    Example:
        >>> import tempfile
        >>> spec = Spec("tiny", (4, 6), ("scratch", "hole"))
        >>> rules = Rules(spec.classes, (PLAIN, ClassRule(0.7, 0.4, 600)))
        >>> rules.save(Path(tempfile.mkdtemp()) / "rules.json")
        >>> Rules.from_json(rules.to_json(), spec) == rules
        True
    """

    classes: tuple[str, ...]
    rules: tuple[ClassRule, ...]

    def __post_init__(self) -> None:
        if len(self.classes) != len(self.rules):
            raise ValueError(f"{len(self.rules)} rules for {len(self.classes)} classes")

    def to_json(self) -> dict[str, dict[str, float]]:
        """Class name to the rule's three values."""
        return {name: asdict(rule) for name, rule in zip(self.classes, self.rules, strict=True)}

    @classmethod
    def from_json(cls, value: Any, spec: Spec) -> "Rules":
        """Rules from what `to_json` gave.

        Raises:
            SeverstalError: the classes are not those of `spec`, or a rule is impossible.
        """
        if not isinstance(value, Mapping) or not all(isinstance(rule, Mapping) for rule in value.values()):
            raise SeverstalError("not rules: give each class's name and its high, low and min_area")
        if value.keys() != set(spec.classes):
            raise SeverstalError(
                f"rules for the classes {', '.join(value)}; the data set has {', '.join(spec.classes)}: "
                "search the rules anew on its own maps"
            )
        rules = []
        for name in spec.classes:
            fields = value[name]
            if fields.keys() != {"high", "low", "min_area"}:
                raise SeverstalError(f"{name} has {', '.join(fields)}: give high, low and min_area")
            try:
                rules.append(ClassRule(**fields))
            except SeverstalError as error:
                raise SeverstalError(f"{name}: {error}") from None
        return cls(spec.classes, tuple(rules))

    def save(self, path: str | Path) -> None:
        """Write the rules as JSON, whole."""
        write_json(path, self.to_json())

    @classmethod
    def load(cls, path: str | Path, spec: Spec) -> "Rules":
        """Read rules that `save` wrote.

        Raises:
            SeverstalError: the file is missing, is not JSON, or its rules are not for the classes of `spec`.
        """
        value = read_json(path)
        try:
            return cls.from_json(value, spec)
        except SeverstalError as error:
            raise SeverstalError(f"{path}: {error}") from None


def plain_rules(spec: Spec) -> Rules:
    """Every pixel from 0.5 on, for every class: what rules that are searched for are measured against.

    Example:
        >>> plain_rules(Spec("tiny", (4, 6), ("scratch",))).rules
        (ClassRule(high=0.5, low=0.5, min_area=0),)
    """
    return Rules(spec.classes, (PLAIN,) * len(spec.classes))


def apply(maps: np.ndarray, rules: Rules, spec: Spec) -> np.ndarray:
    """Draw the mask of one image.

    Args:
        maps: (C, H, W) uint8 in the picture's shape, 0 to 255 for 0 to 1.
        rules: of the same classes.
        spec: shape and classes of the picture.

    Returns:
        (H, W) picture of bits, `spec.mask_dtype`, bit k - 1 for class k.

    Raises:
        ValueError: `maps` has another shape or type, or `rules` other classes.

    Example:
        >>> spec = Spec("tiny", (1, 4), ("scratch", "hole"))
        >>> maps = np.uint8([[[0, 100, 200, 200]], [[0, 0, 128, 127]]])
        >>> apply(maps, Rules(spec.classes, (ClassRule(0.7, 0.3, 2), PLAIN)), spec)
        array([[0, 1, 3, 1]], dtype=uint8)
    """
    shape = (len(spec.classes), *spec.image_shape)
    if maps.shape != shape or maps.dtype != np.uint8:
        raise ValueError(f"maps are {maps.shape} of {maps.dtype}; they must be {shape} of uint8")
    if rules.classes != spec.classes:
        raise ValueError(f"rules for {rules.classes}; the data set has {spec.classes}")
    bits = np.zeros(spec.image_shape, spec.mask_dtype)  # (H, W)
    for index, (plane, rule) in enumerate(zip(maps, rules.rules, strict=True)):
        if np.count_nonzero(plane >= level(rule.high)) >= max(1, rule.min_area):
            bits |= (plane >= level(rule.low)).astype(bits.dtype) << bits.dtype.type(index)
    return bits
