"""Drawing masks: against a drawing pixel by pixel, and against scipy's components and holes."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from severstal.competition.spec import Spec
from severstal.decision.draw import apply
from severstal.decision.gate import OPEN, Gate
from severstal.decision.mask_table import draw_masks
from severstal.decision.rules import PLAIN_RULE, ClassRule, Rules, plain_rules
from severstal.errors import SeverstalError

SPEC = Spec("tiny", (6, 7), ("scratch", "hole"))

hundredths = st.integers(1, 100).map(lambda value: value / 100)
gates = st.one_of(
    st.just(OPEN),
    st.builds(Gate, st.just("veto"), hundredths),
    st.builds(Gate, st.just("soft"), st.integers(1, 3)),
    st.builds(Gate, st.just("area"), st.integers(1, 5)),
)
class_rules = st.builds(
    lambda one, other, *rest: ClassRule(max(one, other), min(one, other), *rest),
    hundredths,
    hundredths,
    st.integers(0, 20),
    gates,
    st.integers(0, 6),
    st.booleans(),
)
values = st.sampled_from([0, 30, 90, 128, 160, 200, 255])


def draw_slowly(maps: np.ndarray, rules: Rules, probability: np.ndarray) -> np.ndarray:
    """The steps that `decision.draw` documents, one pixel after the other, in fractions."""
    masks = np.zeros(maps.shape, bool)
    for index, (plane, rule) in enumerate(zip(maps, rules.rules, strict=True)):
        p, gate = Fraction(int(probability[index]), 255), rule.gate
        damped = [Fraction(int(v), 255) * (p**gate.value if gate.mode == "soft" else 1) for v in plane.flat]
        reach = sum(value >= Fraction(str(rule.high)) > 0 for value in damped)
        needed = rule.min_area * (gate.value - (gate.value - 1) * p if gate.mode == "area" else 1)
        vetoed = gate.mode == "veto" and p < Fraction(str(gate.value))
        if reach and reach >= needed and not vetoed:
            masks[index].flat = [value >= Fraction(str(rule.low)) for value in damped]
        if rule.fill_holes:
            masks[index] = ndimage.binary_fill_holes(masks[index])
    if rules.exclusive:
        for place in np.argwhere(masks.all(axis=0)):
            row, column = place
            loser = 0 if maps[1, row, column] > maps[0, row, column] else 1
            masks[loser, row, column] = False
    for index, rule in enumerate(rules.rules):
        labels, count = ndimage.label(masks[index], np.ones((3, 3)))
        for component in range(1, count + 1):
            if (labels == component).sum() < rule.min_component:
                masks[index][labels == component] = False
    return (masks * 2 ** np.arange(2)[:, None, None]).sum(axis=0)


@given(
    arrays.arrays(np.uint8, (2, 6, 7), elements=values),
    class_rules,
    class_rules,
    st.booleans(),
    arrays.arrays(np.uint8, 2, elements=st.sampled_from([0, 51, 102, 128, 204, 255])),
)
@settings(max_examples=150, deadline=None)
def test_masks_are_those_drawn_step_by_step(maps, first, second, exclusive, probability):
    rules = Rules(SPEC.classes, (first, second), exclusive)
    bits = apply(maps, rules, SPEC, probability)
    assert bits.dtype == np.uint8
    assert np.array_equal(bits, draw_slowly(maps, rules, probability))


@given(arrays.arrays(bool, (9, 12)))
@settings(max_examples=60, deadline=None)
def test_holes_are_scipys(mask):
    spec, plane = Spec("one", (9, 12), ("hole",)), mask * np.uint8(255)
    filled = apply(plane[None], Rules(spec.classes, (ClassRule(0.5, 0.5, 0, fill_holes=True),)), spec)
    assert np.array_equal(filled, ndimage.binary_fill_holes(mask))


@given(arrays.arrays(bool, (9, 12)), st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_components_are_scipys(mask, least):
    spec, plane = Spec("one", (9, 12), ("hole",)), mask * np.uint8(255)
    kept = apply(plane[None], Rules(spec.classes, (ClassRule(0.5, 0.5, 0, OPEN, least),)), spec)
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())
    assert np.array_equal(kept, mask & (sizes[labels] >= least))


def test_minimum_area_is_of_the_whole_mask_and_inclusive():
    maps = np.zeros((2, 6, 7), np.uint8)
    maps[0, 0, 0] = maps[0, 2, 4] = 255  # two components of one pixel
    maps[0, 1, 2] = 100

    def drawn(min_area: int) -> int:
        return np.count_nonzero(
            apply(maps, Rules(SPEC.classes, (ClassRule(0.5, 0.3, min_area), PLAIN_RULE)), SPEC)
        )

    assert [drawn(min_area) for min_area in (0, 1, 2, 3, 43)] == [3, 3, 3, 0, 0]


def test_slivers_that_exclusivity_leaves_are_small_components():
    maps = np.zeros((2, 6, 7), np.uint8)
    maps[0, 2, :] = 200
    maps[1, 2, 1:] = 255  # wins all but the first pixel
    rules = Rules(SPEC.classes, (ClassRule(0.5, 0.5, 0, OPEN, 2), PLAIN_RULE), exclusive=True)
    assert apply(maps, rules, SPEC)[2].tolist() == [0, 2, 2, 2, 2, 2, 2]


def test_a_class_that_loses_all_its_pixels_is_absent():
    maps = np.full((2, 6, 7), 200, np.uint8)
    rules = Rules(SPEC.classes, (PLAIN_RULE, ClassRule(0.5, 0.5, 0, OPEN, 3)), exclusive=True)
    assert (apply(maps, rules, SPEC) == 1).all()  # the lower ClassId where two are equal


def test_the_highest_value_stands_for_the_class_probability():
    maps = np.zeros((2, 6, 7), np.uint8)
    maps[0, 0, 0] = 200
    rules = Rules(SPEC.classes, (ClassRule(0.5, 0.5, 0, Gate("veto", 200 / 255)), PLAIN_RULE))
    assert apply(maps, rules, SPEC)[0, 0] == 1
    maps[0, 0, 0] = 199
    assert not apply(maps, rules, SPEC).any()
    assert apply(maps, rules, SPEC, np.uint8([255, 0]))[0, 0] == 1


def test_sixteen_classes_keep_their_overlaps():
    spec = Spec("many", (1, 2), tuple(f"class {index}" for index in range(16)))
    maps = np.zeros((16, 1, 2), np.uint8)
    maps[:, 0, 0] = 128
    maps[15, 0, 1] = 128
    bits = apply(maps, plain_rules(spec), spec)
    assert bits.dtype == np.uint16
    assert bits.tolist() == [[2**16 - 1, 2**15]]


@pytest.mark.parametrize(
    "maps", [np.zeros((2, 6, 7)), np.full((2, 6, 7), np.nan), np.zeros((2, 7, 6), np.uint8)]
)
def test_maps_of_another_shape_or_type(maps):
    with pytest.raises(ValueError, match="they must be"):
        apply(maps, plain_rules(SPEC), SPEC)


@pytest.mark.parametrize("probability", [np.zeros(2), np.full(2, np.nan), np.zeros(3, np.uint8)])
def test_class_probabilities_of_another_shape_or_type(probability):
    with pytest.raises(ValueError, match="they must be"):
        apply(np.zeros((2, 6, 7), np.uint8), plain_rules(SPEC), SPEC, probability)


def test_rules_of_another_class_list(store):
    rules = plain_rules(Spec("tiny", (6, 7), ("hole", "scratch")))
    reader = store(np.zeros((1, 2, 6, 7), np.uint8), SPEC)
    for draw in (lambda: apply(reader.full(0), rules, SPEC), lambda: draw_masks(reader, rules, SPEC)):
        with pytest.raises(SeverstalError, match="rules for the classes hole, scratch; the data set has"):
            draw()
