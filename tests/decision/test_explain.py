"""The gain of each part of a rule: against drawing the masks without it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from severstal.competition.metric import class_areas, pair_dice
from severstal.competition.spec import Spec
from severstal.decision.draw import apply
from severstal.decision.explain import explain_rules
from severstal.decision.gate import OPEN, Gate
from severstal.decision.refine.settings import Refinement
from severstal.decision.rules import PLAIN_RULE, ClassRule, Rules, plain_rules
from severstal.decision.summary import summarise
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))
RULES = Rules(
    SPEC.classes,
    (ClassRule(0.6, 0.3, 5, Gate("soft", 0.5)), ClassRule(0.5, 0.4, 3, Gate("veto", 0.4), 3, True)),
)


def drawn_score(reader, truth, rules: Rules, index: int) -> float:
    return np.mean(
        [
            pair_dice(*class_areas(apply(reader.full(row), rules, SPEC, sure), truth[name], 2))[index]
            for row, (name, sure) in enumerate(zip(reader.names, reader.class_probability, strict=True))
        ]
    )


def changed(rules: Rules, index: int, **values) -> Rules:
    parts = list(rules.rules)
    parts[index] = replace(parts[index], **values)
    return replace(rules, rules=tuple(parts))


@pytest.mark.parametrize("exclusive", [False, True])
def test_each_part_is_what_the_masks_lose_without_it(random_pictures, exclusive):
    reader, truth = random_pictures(0, 50)
    rules = replace(RULES, exclusive=exclusive)
    found = explain_rules(summarise(reader, truth, SPEC), rules, reader, truth)
    assert found.unseen == ()
    bare = Rules(SPEC.classes, (RULES.rules[0], replace(RULES.rules[1], min_component=0, fill_holes=False)))
    wanted = []
    for index, rule in enumerate(rules.rules):
        without = {
            "whole rule": plain_rules(SPEC),
            "gate": changed(bare, index, gate=OPEN),
            "low": changed(bare, index, low=rule.high),
            "min_area": changed(bare, index, min_area=0),
        }
        wanted += [(index + 1, part, bare, other) for part, other in without.items()]
        if rule.fill_holes:
            wanted.append((index + 1, "fill_holes", rules, changed(rules, index, fill_holes=False)))
        if exclusive:
            wanted.append((index + 1, "exclusive", rules, replace(rules, exclusive=False)))
        if rule.min_component:
            wanted.append((index + 1, "min_component", rules, changed(rules, index, min_component=0)))
    assert [(part.class_id, part.part) for part in found.parts] == [each[:2] for each in wanted]
    for part, (class_id, _, whole, other) in zip(found.parts, wanted, strict=True):
        assert part.score == pytest.approx(drawn_score(reader, truth, whole, class_id - 1))
        assert part.without == pytest.approx(drawn_score(reader, truth, other, class_id - 1))
        assert part.worth == part.score - part.without
    assert any(part.worth for part in found.parts)


def test_what_needs_the_maps_is_named_without_them(random_summary):
    found = explain_rules(random_summary(1, 10), replace(RULES, exclusive=True))
    assert found.unseen == (
        "scratch, exclusive",
        "hole, fill_holes",
        "hole, exclusive",
        "hole, min_component",
    )
    text = found.to_text()
    assert text.count("its gain needs the maps") == 4
    assert max(map(len, text.splitlines())) <= 100
    assert len({len(line) for line in text.splitlines()[2:11]}) == 1


def test_plain_rules_are_worth_nothing(random_summary):
    found = explain_rules(random_summary(2, 10), plain_rules(SPEC))
    assert [part.worth for part in found.parts] == [0] * 8
    assert PLAIN_RULE.gate == OPEN


def test_what_does_not_go_together(random_pictures):
    reader, truth = random_pictures(3, 4)
    summary = summarise(reader, truth, SPEC)
    with pytest.raises(SeverstalError, match="rules for the classes hole, scratch"):
        explain_rules(summary, plain_rules(Spec("tiny", (4, 6), ("hole", "scratch"))))
    other, _ = random_pictures(3, 3)
    with pytest.raises(SeverstalError, match=r"image 3\.jpg has no map"):
        explain_rules(summary, RULES, other, truth)


def test_a_crf_sees_the_picture_of_each_image(random_pictures):
    reader, truth = random_pictures(4, 12)
    held = {
        name: np.random.default_rng(row).integers(0, 255, (4, 6), np.uint8)
        for row, name in enumerate(reader.names)
    }
    rules = changed(plain_rules(SPEC), 1, refine=Refinement(crf=2))
    found = explain_rules(
        summarise(reader, truth, SPEC), rules, reader, truth, SimpleNamespace(picture=held.__getitem__)
    )
    dice = [
        pair_dice(*class_areas(apply(reader.full(row), rules, SPEC, sure, held[name]), truth[name], 2))[1]
        for row, (name, sure) in enumerate(zip(reader.names, reader.class_probability, strict=True))
    ]
    (part,) = [part for part in found.parts if part.part == "refine"]
    assert part.score == pytest.approx(np.mean(dice))
    assert part.without == pytest.approx(drawn_score(reader, truth, plain_rules(SPEC), 1))
