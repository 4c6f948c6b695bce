"""The rule that turns a map into a mask: a gate, two thresholds, a minimum area and post-processing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from severstal.competition.spec import Spec
from severstal.decision.gate import OPEN, Gate
from severstal.decision.refine.settings import NO_REFINEMENT, Refinement
from severstal.errors import SeverstalError
from severstal.files import read_json, write_json


@dataclass(frozen=True)
class ClassRule:
    """The rule by which a class is drawn: the settings of the steps that `decision.draw` takes in order.

    The class is drawn where its map reaches `low`, if at least `min_area` pixels, and at least one, reach
    `high`; else not at all. The area is that of the whole mask, never of each component: with the winner's
    minimum areas, dropping whole masks costs the true ones 1.5 % of their Dice, dropping components 4 %.

    Attributes:
        high: probability, 0 (exclusive) to 1 (inclusive), that enough pixels must reach.
        low: probability, above 0 and at most `high`, from which pixels are drawn.
        min_area: minimum area in pixels of the full-resolution picture; one above the picture's size draws
            the class nowhere.
        gate: effect of the image's class probability on the map or the minimum area.
        min_component: size in pixels below which a component of the drawn mask is removed; 0 keeps all
            components.
        fill_holes: whether holes in the drawn mask are filled.
        refine: further refinement of the drawn outline.

    Raises:
        SeverstalError: a value is out of these ranges.

    Example:
        >>> ClassRule(high=0.7, low=0.4, min_area=600).gate
        Gate(mode='none', value=0.0)
        >>> ClassRule(high=0.4, low=0.7, min_area=600)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: low is 0.7, above high, 0.4: give one of at most high
    """

    high: float
    low: float
    min_area: int
    gate: Gate = OPEN
    min_component: int = 0
    fill_holes: bool = False
    refine: Refinement = NO_REFINEMENT

    def __post_init__(self) -> None:
        for name in ("high", "low"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
                raise SeverstalError(f"{name} is {value!r}: give a probability above 0 and at most 1")
        if self.low > self.high:
            raise SeverstalError(f"low is {self.low}, above high, {self.high}: give one of at most high")
        for name in ("min_area", "min_component"):
            value = getattr(self, name)
            if type(value) is not int or value < 0:
                raise SeverstalError(f"{name} is {value!r}: give a whole number of pixels, 0 or more")
        if not isinstance(self.gate, Gate):
            raise SeverstalError(f"gate is {self.gate!r}: give its mode and value")
        if not isinstance(self.fill_holes, bool):
            raise SeverstalError(f"fill_holes is {self.fill_holes!r}: give true or false")
        if not isinstance(self.refine, Refinement):
            raise SeverstalError(f"refine is {self.refine!r}: give its steps")

    def __str__(self) -> str:
        """The rule in words.

        Example:
            >>> print(ClassRule(0.7, 0.4, 600, Gate("area", 5), min_component=150))
            from 0.4 on, if 600 pixels reach 0.7; gate area 5; components of 150 pixels
        """
        words = [f"from {self.low:g} on, if {_reached(max(1, self.min_area))} {self.high:g}"]
        words += [f"gate {self.gate}"] if self.gate != OPEN else []
        words += [str(self.refine)] if self.refine.active else []
        words += ["holes filled"] if self.fill_holes else []
        words += [f"components of {self.min_component:,} pixels"] if self.min_component > 1 else []
        return "; ".join(words)

    def is_never_drawn(self, spec: Spec) -> bool:
        """Return whether the class is drawn nowhere, since no picture has as many pixels as its minimum
        area."""
        return self.min_area > spec.pixels


def _reached(count: int) -> str:
    return "1 pixel reaches" if count == 1 else f"{count:,} pixels reach"


PLAIN_RULE = ClassRule(high=0.5, low=0.5, min_area=0)

_REQUIRED = ("high", "low", "min_area")
_OPTIONAL = tuple(item.name for item in fields(ClassRule) if item.name not in _REQUIRED)


@dataclass(frozen=True)
class Rules:
    """One rule for each class of a data set.

    Attributes:
        classes: names, in the order of the data set.
        rules: `rules[k - 1]` is that of `ClassId` k.
        exclusive: whether a pixel where the masks of several classes meet stays with one alone, the class
            whose map is highest there; for data whose true masks never overlap, as the competition's.

    Example:
        >>> import tempfile
        >>> spec = Spec("tiny", (4, 6), ("scratch", "hole"))
        >>> rules = Rules(spec.classes, (PLAIN_RULE, ClassRule(0.7, 0.4, 600, Gate("area", 5))))
        >>> rules.save(Path(tempfile.mkdtemp()) / "rules.json")
        >>> Rules.from_json(rules.to_json(), spec) == rules
        True
    """

    classes: tuple[str, ...]
    rules: tuple[ClassRule, ...]
    exclusive: bool = False

    def __post_init__(self) -> None:
        if len(self.classes) != len(self.rules):
            raise ValueError(f"{len(self.rules)} rules for {len(self.classes)} classes")

    def require(self, spec: Spec) -> None:
        """Check that the rules are for a data set's classes, in its order.

        Raises:
            SeverstalError: they are not.
        """
        if self.classes != spec.classes:
            raise _other_classes(self.classes, spec)

    def to_json(self) -> dict[str, Any]:
        """`classes`, by name the values of each rule, and `exclusive`.

        `refine` is included only where it is used, so that earlier versions can read rules without it.
        """
        rules = {name: asdict(rule) for name, rule in zip(self.classes, self.rules, strict=True)}
        for rule in rules.values():
            if rule["refine"] == asdict(NO_REFINEMENT):
                del rule["refine"]
        return {"classes": rules, "exclusive": self.exclusive}

    @property
    def need_pictures(self) -> bool:
        """Whether a step of any rule reads the picture itself."""
        return any(rule.refine.crf for rule in self.rules)

    @classmethod
    def from_json(cls, value: Any, spec: Spec) -> "Rules":
        """Rules from what `to_json` gave, or from the bare `high`, `low` and `min_area` of each class.

        Raises:
            SeverstalError: the classes are not those of `spec`, or a rule is impossible.
        """
        exclusive = False
        if isinstance(value, Mapping) and value.keys() == {"classes", "exclusive"}:
            value, exclusive = value["classes"], value["exclusive"]
        if not isinstance(value, Mapping) or not all(isinstance(rule, Mapping) for rule in value.values()):
            raise SeverstalError("not rules: give each class's name and its high, low and min_area")
        if not isinstance(exclusive, bool):
            raise SeverstalError(f"exclusive is {exclusive!r}: give true or false")
        if value.keys() != set(spec.classes):
            raise _other_classes(value, spec)
        return cls(spec.classes, tuple(_read_rule(name, value[name]) for name in spec.classes), exclusive)

    def save(self, path: str | Path) -> None:
        """Write the rules as JSON, atomically."""
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
    """The threshold 0.5 for every class: the baseline of the search.

    Example:
        >>> plain_rules(Spec("tiny", (4, 6), ("scratch",))).rules == (PLAIN_RULE,)
        True
    """
    return Rules(spec.classes, (PLAIN_RULE,) * len(spec.classes))


def _read_rule(name: str, values: Mapping[str, Any]) -> ClassRule:
    """One class's rule."""
    if not set(_REQUIRED) <= values.keys() <= {*_REQUIRED, *_OPTIONAL}:
        raise SeverstalError(
            f"{name} has {', '.join(map(str, values))}: give {', '.join(_REQUIRED)} and, where wanted, "
            f"{', '.join(_OPTIONAL)}"
        )
    values = dict(values)
    try:
        if "gate" in values:
            if not isinstance(values["gate"], Mapping) or values["gate"].keys() != {"mode", "value"}:
                raise SeverstalError(f"gate is {values['gate']!r}: give its mode and value")
            values["gate"] = Gate(**values["gate"])
        if "refine" in values:
            steps = values["refine"]
            if not isinstance(steps, Mapping) or not steps.keys() <= asdict(NO_REFINEMENT).keys():
                raise SeverstalError(f"refine is {steps!r}: give some of {', '.join(asdict(NO_REFINEMENT))}")
            values["refine"] = Refinement(**steps)
        return ClassRule(**values)
    except SeverstalError as error:
        raise SeverstalError(f"{name}: {error}") from None


def _other_classes(classes: Any, spec: Spec) -> SeverstalError:
    return SeverstalError(
        f"rules for the classes {', '.join(classes)}; the data set has {', '.join(spec.classes)}: "
        "search the rules again on its own maps"
    )
