"""Gates: against arithmetic with fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.decision.gate import OPEN, Gate, gated_area, reached_levels
from severstal.decision.levels import NEVER, to_level
from severstal.errors import SeverstalError

hundredths = st.integers(1, 100)


@given(hundredths)
@settings(deadline=None)
def test_an_open_gate_and_one_of_area_change_no_level(threshold):
    for gate in (OPEN, Gate("area", 5)):
        assert (reached_levels(gate, threshold / 100) == to_level(threshold / 100)).all()


@given(hundredths, hundredths)
@settings(deadline=None)
def test_a_veto_is_below_its_value(threshold, value):
    levels = reached_levels(Gate("veto", value / 100), threshold / 100)
    for probability, found in enumerate(levels.tolist()):
        vetoed = Fraction(probability, 255) < Fraction(value, 100)
        assert found == (NEVER if vetoed else to_level(threshold / 100))


@given(hundredths, st.integers(1, 4))
@settings(deadline=None, max_examples=8)
def test_a_soft_gate_multiplies_the_map(threshold, power):
    levels = reached_levels(Gate("soft", power), threshold / 100)
    for probability, found in enumerate(levels.tolist()):
        factor = Fraction(probability, 255) ** power
        reaching = (v for v in range(1, 256) if Fraction(v, 255) * factor >= Fraction(threshold, 100))
        assert found == next(reaching, NEVER)


@given(st.integers(0, 409_600), st.integers(0, 255), st.integers(1, 12), st.integers(0, 5000))
@settings(deadline=None)
def test_an_area_gate_multiplies_the_minimum_area(area, probability, factor, min_area):
    wanted = min_area * (factor - (factor - 1) * Fraction(probability, 255))
    assert (gated_area(Gate("area", factor), area, probability) >= min_area) == (area >= wanted)
    array = gated_area(Gate("area", factor), np.int32([area]), np.uint8([probability]))
    assert (array[0] >= min_area) == (area >= wanted)


def test_other_gates_leave_the_area():
    area = np.array([[0, 3, 409_600]], np.int32)
    for gate in (OPEN, Gate("veto", 0.5), Gate("soft", 1)):
        assert np.array_equal(gated_area(gate, area, np.uint8([[0, 100, 255]])), area)


def test_levels_that_are_kept_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        reached_levels(OPEN, 0.5)[0] = 1


@pytest.mark.parametrize(
    ("mode", "value", "message"),
    [
        ("hard", 0.5, "gate is 'hard': take one of none, veto, soft, area"),
        ("none", 0.5, "the none gate's value is 0.5: give 0"),
        ("veto", 0, "the veto gate's value is 0: give a probability above 0"),
        ("veto", 1.1, "the veto gate's value is 1.1"),
        ("soft", 0.0, "the soft gate's value is 0.0: give a power above 0"),
        ("soft", float("inf"), "the soft gate's value is inf"),
        ("area", 0.9, "the area gate's value is 0.9: give a factor of at least 1"),
        ("area", float("nan"), "the area gate's value is nan"),
        ("area", True, "the area gate's value is True"),
        ("area", "5", "the area gate's value is '5'"),
    ],
)
def test_impossible_gates(mode, value, message):
    with pytest.raises(SeverstalError, match=message) as error:
        Gate(mode, value)
    assert "\n" not in str(error.value)


def test_gates_in_words():
    assert [str(gate) for gate in (OPEN, Gate("soft", 1.0), Gate("area", 2.5))] == [
        "none",
        "soft 1",
        "area 2.5",
    ]
