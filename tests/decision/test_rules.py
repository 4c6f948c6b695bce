"""Rules: what is refused, and what survives the disk."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.spec import Spec
from severstal.decision.gate import OPEN, Gate
from severstal.decision.rules import PLAIN_RULE, ClassRule, Rules, plain_rules
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (3, 5), ("scratch", "hole"))

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
    st.integers(0, 16),
    gates,
    st.integers(0, 9),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((0, 0, 0), "high is 0"),
        ((1.01, 0.5, 0), "high is 1.01"),
        ((float("nan"), 0.5, 0), "high is nan"),
        ((True, 0.5, 0), "high is True"),
        (("0.5", 0.5, 0), "high is '0.5'"),
        ((0.5, -0.1, 0), "low is -0.1"),
        ((0.5, None, 0), "low is None"),
        ((0.5, 0.6, 0), "low is 0.6, above high, 0.5"),
        ((0.5, 0.5, -1), "min_area is -1"),
        ((0.5, 0.5, 1.5), "min_area is 1.5"),
        ((0.5, 0.5, True), "min_area is True"),
        ((0.5, 0.5, 0, "soft"), "gate is 'soft': give its mode and value"),
        ((0.5, 0.5, 0, OPEN, -1), "min_component is -1"),
        ((0.5, 0.5, 0, OPEN, 0, 1), "fill_holes is 1: give true or false"),
    ],
)
def test_impossible_rules(values, message):
    with pytest.raises(SeverstalError, match=message) as error:
        ClassRule(*values)
    assert "\n" not in str(error.value)


def test_rules_and_classes_are_as_many():
    with pytest.raises(ValueError, match="1 rules for 2 classes"):
        Rules(SPEC.classes, (PLAIN_RULE,))


def test_a_minimum_area_above_the_picture_is_never_drawn():
    assert not ClassRule(0.5, 0.5, 15).is_never_drawn(SPEC)
    assert ClassRule(0.5, 0.5, 16).is_never_drawn(SPEC)


@given(class_rules, class_rules, st.booleans())
@settings(max_examples=30, deadline=None)
def test_rules_survive_the_disk(tmp_path_factory, first, second, exclusive):
    path = tmp_path_factory.mktemp("rules") / "rules.json"
    rules = Rules(SPEC.classes, (first, second), exclusive)
    rules.save(path)
    assert Rules.load(path, SPEC) == rules


def test_rules_are_found_by_class_name(tmp_path):
    path = tmp_path / "rules.json"
    hole, scratch = ClassRule(0.7, 0.4, 600, Gate("area", 5)), ClassRule(1, 1, 0)
    Rules(("hole", "scratch"), (hole, scratch)).save(path)
    assert json.loads(path.read_text())["classes"]["hole"] == {
        "high": 0.7,
        "low": 0.4,
        "min_area": 600,
        "gate": {"mode": "area", "value": 5},
        "min_component": 0,
        "fill_holes": False,
    }
    assert Rules.load(path, SPEC).rules == (scratch, hole)


OLD = {"high": 0.5, "low": 0.5, "min_area": 0}


@pytest.mark.parametrize("names", [("scratch", "hole"), ("classes",)])
def test_files_from_before_there_were_gates_are_read(tmp_path, names):
    spec, path = Spec("tiny", (3, 5), names), tmp_path / "rules.json"
    path.write_text(json.dumps(dict.fromkeys(names, OLD)))
    assert Rules.load(path, spec) == plain_rules(spec)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "not rules"),
        ({"scratch": 0.5, "hole": 0.5}, "not rules"),
        ({"classes": [], "exclusive": False}, "not rules"),
        ({"scratch": OLD}, "rules for the classes scratch; the data set has scratch, hole"),
        ({"scratch": OLD, "crack": OLD}, "rules for the classes scratch, crack;"),
        ({"classes": {"scratch": OLD}, "exclusive": False}, "rules for the classes scratch;"),
        ({"classes": {"scratch": OLD, "hole": OLD}, "exclusive": 1}, "exclusive is 1"),
        ({"scratch": OLD, "hole": {"high": 0.5, "low": 0.5}}, "hole has high, low: give high"),
        ({"scratch": OLD, "hole": {**OLD, "area": 1}}, "hole has .*area: give"),
        ({"scratch": OLD, "hole": {**OLD, "gate": 1}}, "hole: gate is 1: give its mode and value"),
        ({"scratch": OLD, "hole": {**OLD, "gate": {"mode": "veto"}}}, "hole: gate is .*: give its mode"),
        (
            {"scratch": OLD, "hole": {**OLD, "gate": {"mode": ["veto"], "value": 0.5}}},
            "hole: gate is .'veto'.: take one of none, veto",
        ),
        (
            {"scratch": OLD, "hole": {**OLD, "gate": {"mode": "veto", "value": 2}}},
            "hole: the veto gate's value is 2",
        ),
        ({"scratch": {**OLD, "low": 2}, "hole": OLD}, "scratch: low is 2"),
    ],
)
def test_refused_rules_files(tmp_path, content, message):
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(content))
    with pytest.raises(SeverstalError, match=rf"rules\.json: {message}") as error:
        Rules.load(path, SPEC)
    assert "\n" not in str(error.value)


def test_no_rules_file(tmp_path):
    with pytest.raises(SeverstalError, match=r"rules\.json: not there"):
        Rules.load(tmp_path / "rules.json", SPEC)
