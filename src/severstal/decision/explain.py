"""The gain of each part of each rule: the score with the part, less the score without it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from severstal.competition.metric import class_areas, pair_dice
from severstal.competition.spec import Spec
from severstal.decision.draw import apply
from severstal.decision.gate import OPEN
from severstal.decision.reader import PictureSource, Reader
from severstal.decision.refine.settings import NO_REFINEMENT
from severstal.decision.rules import PLAIN_RULE, ClassRule, Rules
from severstal.decision.score import pair_areas
from severstal.decision.summary import Summary, Truth
from severstal.errors import SeverstalError
from severstal.progress import progress

_ORDER = ("whole rule", "gate", "low", "min_area", "refine", "fill_holes", "exclusive", "min_component")


@dataclass(frozen=True)
class RulePart:
    """One part of one class's rule.

    Attributes:
        class_id: `ClassId`, from 1.
        part: name of the part.
        setting: the part's value in words.
        score: mean Dice of the class under the rule.
        without: mean Dice of the class with this part alone switched off.
    """

    class_id: int
    part: str
    setting: str
    score: float
    without: float

    @property
    def worth(self) -> float:
        """The gain of the part in the mean Dice of its class."""
        return self.score - self.without


@dataclass(frozen=True)
class Explanation:
    """The gain of the parts of all rules.

    Attributes:
        spec: names the classes.
        parts: parts of each class's rule, by class, in the order in which they are applied.
        unseen: parts in use whose gain needs the maps, which were not given.
        never: `ClassId`s that the rules never predict.
    """

    spec: Spec
    parts: tuple[RulePart, ...]
    unseen: tuple[str, ...]
    never: tuple[int, ...] = ()

    def to_text(self) -> str:
        """A table with one line per part, below a heading."""
        lines = [
            "mean Dice of each class on the images that its rule was searched on, which flatter it;",
            "from refine on as the maps are drawn, by all parts together",
            f"{'class':16} {'part':13} {'setting':>20}  {'score':>7}  {'without':>7}  {'worth':>8}",
        ]
        for part in self.parts:
            name = f"{part.class_id} {self.spec.classes[part.class_id - 1]}"[:16]
            lines.append(
                f"{name:16} {part.part:13} {part.setting:>20}  {part.score:7.4f}  {part.without:7.4f}  "
                f"{part.worth:+8.4f}"
            )
        lines += [f"{what}: its gain needs the maps" for what in self.unseen]
        return "\n".join(lines)


def explain_rules(
    summary: Summary,
    rules: Rules,
    reader: Reader | None = None,
    truth: Truth | None = None,
    pictures: PictureSource | None = None,
) -> Explanation:
    """Switch off each part of each rule by itself.

    Gate, low threshold, minimum area and all of them together are computed from the summary, where
    components, holes and overlaps cannot be seen. The gain of those is computed from the maps, under the
    complete rules.

    Args:
        summary: summary of maps and truth.
        rules: rules to explain.
        reader: maps of the summary's images; None leaves out the parts whose gain needs them.
        truth: (H, W) bitmask by image name, given with `reader`.
        pictures: the pictures of the maps, for rules with a CRF.

    Raises:
        SeverstalError: the rules or the maps are for other classes, or an image has no map.

    Example:
        >>> areas = np.repeat([[[4, 2, 0]], [[4, 1, 0]]], [1, 200, 55], axis=2).astype(np.int32)
        >>> true, spec = np.int32([[2], [0]]), Spec("tiny", (1, 4), ("hole",))
        >>> inside, sure = np.minimum(areas, true[:, :, None]), np.uint8([[200], [200]])
        >>> summary = Summary(("a.jpg", "b.jpg"), spec, areas, inside, true, sure)
        >>> print(explain_rules(summary, Rules(spec.classes, (ClassRule(0.6, 0.5, 2),))).to_text())
        mean Dice of each class on the images that its rule was searched on, which flatter it;
        from refine on as the maps are drawn, by all parts together
        class            part                       setting    score  without     worth
        1 hole           whole rule            beside plain   1.0000   0.5000   +0.5000
        1 hole           gate                          none   1.0000   1.0000   +0.0000
        1 hole           low                            0.5   1.0000   1.0000   +0.0000
        1 hole           min_area                  2 pixels   1.0000   0.5000   +0.5000
    """
    parts: list[RulePart] = []
    whole = pair_dice(*pair_areas(summary, rules)).mean(axis=0)  # (C,)
    for index, rule in enumerate(rules.rules):
        changes = {
            "whole rule": ("beside plain", PLAIN_RULE),
            "gate": (str(rule.gate), replace(rule, gate=OPEN)),
            "low": (f"{rule.low:g}", replace(rule, low=rule.high)),
            "min_area": (f"{rule.min_area:,} pixels", replace(rule, min_area=0)),
        }
        for part, (setting, other) in changes.items():
            changed = pair_dice(*pair_areas(summary, _with_rule(rules, index, other)))[:, index]
            parts.append(RulePart(index + 1, part, setting, float(whole[index]), float(changed.mean())))
    tidying = list(_tidying(rules))
    unseen = []
    if reader is None or truth is None:
        unseen = [f"{summary.spec.classes[index]}, {part}" for index, part, _, _ in tidying]
    elif tidying:
        variants = [rules, *(changed for *_, changed in tidying)]
        scores = _drawn_scores(summary, reader, truth, pictures, variants)
        for (index, part, setting, _), changed in zip(tidying, scores[1:], strict=True):
            parts.append(RulePart(index + 1, part, setting, float(scores[0, index]), float(changed[index])))
    parts.sort(key=lambda part: (part.class_id, _ORDER.index(part.part)))
    spec = summary.spec
    never = tuple(k for k, rule in zip(spec.class_ids, rules.rules, strict=True) if rule.is_never_drawn(spec))
    return Explanation(spec, tuple(parts), tuple(unseen), never)


def _with_rule(rules: Rules, index: int, rule: ClassRule) -> Rules:
    """The same rules but for one class."""
    return replace(rules, rules=(*rules.rules[:index], rule, *rules.rules[index + 1 :]))


def _tidying(rules: Rules) -> Iterator[tuple[int, str, str, Rules]]:
    """Each part in use that a summary cannot see: class, part, setting, and the rules without it."""
    for index, rule in enumerate(rules.rules):
        if rule.refine.active:
            setting = str(rule.refine)
            yield index, "refine", setting, _with_rule(rules, index, replace(rule, refine=NO_REFINEMENT))
        if rule.fill_holes:
            yield index, "fill_holes", "yes", _with_rule(rules, index, replace(rule, fill_holes=False))
        if rules.exclusive:
            yield index, "exclusive", "yes", replace(rules, exclusive=False)
        if rule.min_component > 1:
            setting = f"{rule.min_component:,} pixels"
            yield index, "min_component", setting, _with_rule(rules, index, replace(rule, min_component=0))


def _drawn_scores(
    summary: Summary,
    reader: Reader,
    truth: Truth,
    pictures: PictureSource | None,
    variants: Sequence[Rules],
) -> np.ndarray:
    """Mean Dice of each class under several rules, from one pass over the maps: (K, C)."""
    place = {name: index for index, name in enumerate(reader.names)}
    total = np.zeros((len(variants), len(summary.spec.classes)))
    for row, name in enumerate(progress(summary.names, "explain rules")):
        if name not in place:
            raise SeverstalError(f"{reader.folder}: image {name} has no map: predict it, or leave it out")
        maps, bits = reader.full(place[name]), truth[name]
        picture = pictures.picture(name) if pictures is not None and variants[0].need_pictures else None
        for index, rules in enumerate(variants):
            mask = apply(maps, rules, summary.spec, summary.class_probability[row], picture)
            total[index] += pair_dice(*class_areas(mask, bits, len(summary.spec.classes)))
    return total / len(summary)
