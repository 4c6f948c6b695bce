"""Thresholds and the levels that stand for them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from severstal.decision.levels import to_level, to_threshold


@pytest.mark.parametrize("reached", range(1, 256))
def test_levels_and_thresholds_invert_each_other(reached):
    assert to_level(reached / 255) == reached
    assert to_level(to_threshold(reached)) == reached
    assert len(str(to_threshold(reached))) <= len("0.123")


@given(st.integers(1, 10_000))
def test_a_level_is_the_least_value_that_reaches_the_threshold(ten_thousandths):
    exact = Fraction(ten_thousandths, 10_000)
    wanted = next(value for value in range(256) if Fraction(value, 255) >= exact)
    assert to_level(ten_thousandths / 10_000) == wanted


def test_a_sum_of_floats_means_what_it_is_rounded_to():
    assert 0.1 * 6 > 0.6
    assert to_level(0.1 * 6) == to_level(0.6) == 153


def test_every_positive_threshold_needs_something():
    assert to_level(1e-12) == to_level(5e-324) == 1
