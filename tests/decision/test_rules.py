import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from severstal.competition.spec import Spec
from severstal.decision.rules import PLAIN, ClassRule, Rules, apply, level, plain_rules, threshold
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (3, 5), ("scratch", "hole"))


@pytest.mark.parametrize("reached", range(1, 256))
def test_levels_and_thresholds_invert_each_other(reached):
    assert level(reached / 255) == reached
    assert level(threshold(reached)) == reached
    assert len(str(threshold(reached))) <= len("0.123")


@given(st.integers(1, 10_000))
def test_a_level_is_the_least_value_that_reaches_the_threshold(ten_thousandths):
    exact = Fraction(ten_thousandths, 10_000)
    wanted = next(value for value in range(256) if Fraction(value, 255) >= exact)
    assert level(ten_thousandths / 10_000) == wanted


def test_a_sum_of_floats_means_what_it_is_rounded_to():
    assert 0.1 * 6 > 0.6
    assert level(0.1 * 6) == level(0.6) == 153


def test_every_positive_threshold_needs_something():
    assert level(1e-12) == level(5e-324) == 1


def draw_slowly(maps: np.ndarray, rules: Rules) -> np.ndarray:
    bits = np.zeros(maps.shape[1:], int)
    for index, (plane, rule) in enumerate(zip(maps, rules.rules, strict=True)):
        reach = [
            value for value in plane.ravel().tolist() if Fraction(value, 255) >= Fraction(str(rule.high))
        ]
        if reach and len(reach) >= rule.min_area:
            for place, value in np.ndenumerate(plane):
                if Fraction(int(value), 255) >= Fraction(str(rule.low)):
                    bits[place] += 2**index
    return bits


hundredths = st.integers(1, 100).map(lambda value: value / 100)
class_rules = st.builds(
    lambda one, other, min_area: ClassRule(max(one, other), min(one, other), min_area),
    hundredths,
    hundredths,
    st.integers(0, 16),
)


@given(arrays.arrays(np.uint8, (2, 3, 5)), class_rules, class_rules)
@settings(max_examples=100, deadline=None)
def test_masks_are_those_drawn_pixel_by_pixel(maps, first, second):
    rules = Rules(SPEC.classes, (first, second))
    bits = apply(maps, rules, SPEC)
    assert bits.dtype == np.uint8
    assert np.array_equal(bits, draw_slowly(maps, rules))


def test_minimum_area_is_of_the_whole_mask_and_inclusive():
    maps = np.zeros((2, 3, 5), np.uint8)
    maps[0, 0, 0] = maps[0, 2, 4] = 255  # two components of one pixel
    maps[0, 1, 2] = 100

    def drawn(min_area: int) -> int:
        rules = Rules(SPEC.classes, (ClassRule(0.5, 0.3, min_area), PLAIN))
        return np.count_nonzero(apply(maps, rules, SPEC))

    assert [drawn(min_area) for min_area in (0, 1, 2, 3, 16)] == [3, 3, 3, 0, 0]


def test_sixteen_classes_keep_their_overlaps():
    spec = Spec("many", (1, 2), tuple(f"class {index}" for index in range(16)))
    maps = np.zeros((16, 1, 2), np.uint8)
    maps[:, 0, 0] = 128
    maps[15, 0, 1] = 128
    bits = apply(maps, plain_rules(spec), spec)
    assert bits.dtype == np.uint16
    assert bits.tolist() == [[2**16 - 1, 2**15]]


@pytest.mark.parametrize(
    "maps", [np.zeros((2, 3, 5)), np.full((2, 3, 5), np.nan), np.zeros((2, 5, 3), np.uint8)]
)
def test_maps_of_another_shape_or_type(maps):
    with pytest.raises(ValueError, match="they must be"):
        apply(maps, plain_rules(SPEC), SPEC)


def test_rules_of_other_classes_are_not_applied():
    other = Spec("tiny", (3, 5), ("hole", "scratch"))
    with pytest.raises(ValueError, match="rules for"):
        apply(np.zeros((2, 3, 5), np.uint8), plain_rules(other), SPEC)
    with pytest.raises(ValueError, match="1 rules for 2 classes"):
        Rules(SPEC.classes, (PLAIN,))


@pytest.mark.parametrize(
    ("high", "low", "min_area", "said"),
    [
        (0, 0, 0, "high is 0"),
        (1.01, 0.5, 0, "high is 1.01"),
        (float("nan"), 0.5, 0, "high is nan"),
        (True, 0.5, 0, "high is True"),
        ("0.5", 0.5, 0, "high is '0.5'"),
        (0.5, -0.1, 0, "low is -0.1"),
        (0.5, None, 0, "low is None"),
        (0.5, 0.6, 0, "low is 0.6, above high, 0.5"),
        (0.5, 0.5, -1, "min_area is -1"),
        (0.5, 0.5, 1.5, "min_area is 1.5"),
        (0.5, 0.5, True, "min_area is True"),
    ],
)
def test_impossible_rules(high, low, min_area, said):
    with pytest.raises(SeverstalError, match=said):
        ClassRule(high, low, min_area)


@given(class_rules, class_rules)
@settings(max_examples=30, deadline=None)
def test_rules_survive_the_disk(tmp_path_factory, first, second):
    path = tmp_path_factory.mktemp("rules") / "rules.json"
    rules = Rules(SPEC.classes, (first, second))
    rules.save(path)
    assert Rules.load(path, SPEC) == rules


def test_rules_are_found_by_class_name(tmp_path):
    path = tmp_path / "rules.json"
    hole, scratch = ClassRule(0.7, 0.4, 600), ClassRule(1, 1, 0)
    Rules(("hole", "scratch"), (hole, scratch)).save(path)
    assert json.loads(path.read_text())["hole"] == {"high": 0.7, "low": 0.4, "min_area": 600}
    assert Rules.load(path, SPEC).rules == (scratch, hole)


PLAIN_FIELDS = {"high": 0.5, "low": 0.5, "min_area": 0}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "not rules"),
        ({"scratch": 0.5, "hole": 0.5}, "not rules"),
        ({"scratch": PLAIN_FIELDS}, "rules for the classes scratch; the data set has scratch, hole"),
        ({"scratch": PLAIN_FIELDS, "crack": PLAIN_FIELDS}, "rules for the classes scratch, crack;"),
        ({"scratch": PLAIN_FIELDS, "hole": {"high": 0.5, "low": 0.5}}, "hole has high, low: give"),
        ({"scratch": PLAIN_FIELDS, "hole": {**PLAIN_FIELDS, "gate": 1}}, "hole has .*gate: give"),
        ({"scratch": {**PLAIN_FIELDS, "low": 2}, "hole": PLAIN_FIELDS}, "scratch: low is 2"),
    ],
)
def test_refused_rules_files(tmp_path, content, said):
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(content))
    with pytest.raises(SeverstalError, match=rf"rules\.json: {said}") as error:
        Rules.load(path, SPEC)
    assert "\n" not in str(error.value)


def test_no_rules_file(tmp_path):
    with pytest.raises(SeverstalError, match=r"rules\.json: not there"):
        Rules.load(tmp_path / "rules.json", SPEC)
