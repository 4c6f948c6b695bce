"""Scores from summaries: exactly those of the masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.metric import class_areas, score_pairs
from severstal.competition.spec import Spec
from severstal.decision.draw import apply
from severstal.decision.gate import OPEN, Gate
from severstal.decision.rules import ClassRule, Rules, plain_rules
from severstal.decision.score import pair_areas, score_rules
from severstal.decision.summary import summarise
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))
hundredths = st.integers(1, 100).map(lambda value: value / 100)
gates = st.one_of(
    st.just(OPEN),
    st.builds(Gate, st.just("veto"), hundredths),
    st.builds(Gate, st.just("soft"), st.floats(0.1, 4)),
    st.builds(Gate, st.just("area"), st.floats(1, 12)),
)
class_rules = st.builds(
    lambda one, other, *rest: ClassRule(max(one, other), min(one, other), *rest),
    hundredths,
    hundredths,
    st.integers(0, 25),
    gates,
)


@given(st.integers(0, 1000), st.integers(1, 6), st.sampled_from([1, 2]), class_rules, class_rules)
@settings(max_examples=60, deadline=None)
def test_scores_are_exactly_those_of_the_masks(random_pictures, seed, images, scale, first, second):
    reader, truth = random_pictures(seed, images, scale)
    rules = Rules(SPEC.classes, (first, second))
    summary = summarise(reader, truth, SPEC)
    drawn = [
        class_areas(apply(reader.full(index), rules, SPEC, probability), truth[name], 2)
        for index, (name, probability) in enumerate(zip(reader.names, reader.class_probability, strict=True))
    ]
    areas = np.array(drawn).transpose(1, 0, 2)
    for found, wanted in zip(pair_areas(summary, rules), areas, strict=True):
        assert np.array_equal(found, wanted)
    assert score_rules(summary, rules).to_dict() == score_pairs(*areas, SPEC).to_dict()


def test_rules_of_another_class_list_are_not_scored(random_summary):
    with pytest.raises(SeverstalError, match="rules for the classes hole, scratch;"):
        score_rules(random_summary(0, 2), plain_rules(Spec("tiny", (4, 6), ("hole", "scratch"))))
