"""Margins have the sign of the decision and the size of the change that reverses it."""

from dataclasses import replace
from itertools import product

import pytest

from severstal.competition.metric import pair_dice
from severstal.decision.close_calls import close_calls, decision_margins, split_votes
from severstal.decision.draw import apply
from severstal.decision.gate import Gate
from severstal.decision.rules import ClassRule, Rules
from severstal.decision.score import pair_areas

GATES = (Gate(), Gate("veto", 0.4), Gate("soft", 0.5), Gate("soft", 2.0), Gate("area", 5.0))


def test_the_sign_is_the_decision(predicted):
    summary, spec = predicted.summary, predicted.spec
    for gate, min_area, high in product(GATES, (0, 1, 40, 10**6), (0.1, 0.5, 0.9)):
        rules = Rules(spec.classes, (ClassRule(high, 0.1, min_area, gate),) * len(spec.classes))
        drawn = pair_areas(summary, rules)[1] > 0
        found = decision_margins(summary, rules)
        assert ((found >= 0) == drawn).all(), (gate, min_area, high)


def test_a_threshold_moved_by_the_margin_reverses_the_decision(predicted):
    spec = predicted.spec
    rules = Rules(spec.classes, (ClassRule(0.5, 0.02, 30),) * len(spec.classes))
    found = decision_margins(predicted.summary, rules)
    tried = 0
    for row, name in list(enumerate(predicted.reader.names))[:6]:
        maps = predicted.reader.full(row)
        for index in range(len(spec.classes)):
            for step, drawn in ((0, True), (1, False)):
                level = 128 + round(found[row, index] * 255) + step
                if 6 <= level <= 255:
                    moved = replace(rules.rules[index], high=level / 255)
                    alone = Rules(spec.classes, (moved,) * len(spec.classes))
                    bits = apply(maps, alone, spec)
                    assert bool((bits >> index & 1).any()) == drawn, name
                    tried += 1
    assert tried > 3


def test_each_row_agrees_with_the_masks_of_its_fold(predicted):
    calls = close_calls(predicted.summary, predicted.rules, predicted.folds)
    assert calls["margin"].abs().is_monotonic_increasing
    assert len(calls) == predicted.summary.true.size
    known = predicted.errors.set_index(["ImageId", "ClassId"])
    for call in calls.itertuples():
        row = known.loc[(call.ImageId, call.ClassId)]
        assert call.dice == pytest.approx(row["dice"])
        assert call.drawn == (row["predicted"] > 0) == (call.margin >= 0)
        assert call.defect == (row["true"] > 0)
        assert call.folds == 2
        votes = 0
        place = predicted.reader.names.index(call.ImageId)
        for rules in predicted.rules.values():
            bits = apply(predicted.reader.full(place), rules, predicted.spec)
            votes += bool((bits >> (call.ClassId - 1) & 1).any())
        assert call.votes == votes
        if call.drawn:
            assert call.otherwise == (not call.defect)
        else:
            plane = predicted.reader.full(place)[call.ClassId - 1] >= 102  # low, 0.4
            true = (predicted.labelled.masks[call.ImageId] >> (call.ClassId - 1) & 1).astype(bool)
            would = pair_dice((plane & true).sum(), plane.sum(), true.sum()) if true.any() else 0
            assert call.otherwise == pytest.approx(float(would))
    assert not (split_votes(calls) & calls["votes"].isin([0, 2])).any()
