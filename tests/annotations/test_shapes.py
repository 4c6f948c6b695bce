"""Boxes, ellipses and patches against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from severstal.annotations.shapes import box, coordinate, ellipse, patch

NEAR = st.floats(-5, 15)


@given(NEAR, NEAR, NEAR, NEAR)
def test_a_box_holds_the_centres_between_its_sides(x0, y0, x1, y1):
    down, across = np.mgrid[:7, :11] + 0.5
    inside = (min(x0, x1) <= across) & (across < max(x0, x1)) & (min(y0, y1) <= down) & (down < max(y0, y1))
    np.testing.assert_array_equal(box(x0, y0, x1, y1, (7, 11)), inside)


def test_a_turned_box_and_ellipse_turn_clockwise():
    shape = (40, 60)
    down, across = np.nonzero(box(20, 18, 40, 22, shape, 30))
    assert np.corrcoef(down, across)[0, 1] > 0.5  # y grows downwards
    down, across = np.nonzero(ellipse(30, 20, 15, 3, shape, 30))
    assert np.corrcoef(down, across)[0, 1] > 0.5


def test_an_ellipse_has_its_area():
    assert ellipse(30.2, 20.7, 15, 9, (40, 60)).sum() == pytest.approx(np.pi * 15 * 9, rel=0.02)
    assert not ellipse(3, 3, 0, 5, (6, 6)).any()


@given(st.integers(-9, 12), st.integers(-9, 12))
def test_a_patch_is_cut_at_the_edge(top, left):
    bits = np.arange(12).reshape(3, 4) % 5 < 3
    large = np.zeros((40, 40), bool)
    large[15 + top : 18 + top, 15 + left : 19 + left] = bits
    np.testing.assert_array_equal(patch(bits, top, left, (6, 8)), large[15:21, 15:23])


@pytest.mark.parametrize("value", [True, None, "", "x", "1_0", "inf", "nan", 1e7, 10**400, [1]])
def test_what_is_no_coordinate(value, fault):
    assert "is not a coordinate in pixels" in fault(coordinate, value, "a.json")
