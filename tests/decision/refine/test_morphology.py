"""Opening, closing and smoothing: against scipy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from severstal.decision.refine.morphology import closed, disc, opened, smoothed

masks = arrays.arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 17)))


@given(masks, st.integers(0, 4))
@settings(max_examples=80, deadline=None)
def test_opening_is_scipys_and_the_picture_s_edge_neither_wears_nor_grows(mask, radius):
    shape = disc(radius).astype(bool)
    eroded = ndimage.binary_erosion(mask, shape, border_value=1)
    assert np.array_equal(opened(mask, radius), ndimage.binary_dilation(eroded, shape))


@given(masks, st.integers(0, 4))
@settings(max_examples=80, deadline=None)
def test_closing_is_scipys_and_the_picture_s_edge_neither_wears_nor_grows(mask, radius):
    shape = disc(radius).astype(bool)
    grown = ndimage.binary_dilation(mask, shape)
    assert np.array_equal(closed(mask, radius), ndimage.binary_erosion(grown, shape, border_value=1))


@given(masks, st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_twice_is_once_and_one_is_the_others_mirror(mask, radius):
    once = opened(mask, radius)
    assert np.array_equal(opened(once, radius), once)
    assert not (once & ~mask).any()
    assert np.array_equal(closed(~mask, radius), ~once)


@given(masks, st.sampled_from([0.4, 1.0, 1.5, 3.0]))
@settings(max_examples=80, deadline=None)
def test_smoothing_is_scipys_blur(mask, deviation):
    radius = max(int(4 * deviation + 0.5), 1)
    blurred = ndimage.gaussian_filter(mask.astype(float), deviation, mode="nearest", radius=radius)
    clear = np.abs(blurred - 0.5) > 1e-5
    assert np.array_equal(smoothed(mask, deviation)[clear], (blurred > 0.5)[clear])


def test_a_straight_edge_stays():
    mask = np.zeros((20, 30), bool)
    mask[:, :13] = True
    for step in (opened, closed, smoothed):
        assert np.array_equal(step(mask, 2), mask)


@pytest.mark.parametrize("step", [opened, closed, smoothed])
def test_nothing_leaves_the_mask_as_it_was(step):
    mask = np.random.default_rng(0).random((9, 9)) > 0.5
    before = mask.copy()
    assert np.array_equal(step(mask, 0), before)
    step(mask, 2)
    assert np.array_equal(mask, before)


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
def test_a_disc_holds_the_pixels_within_its_radius(radius):
    middle = np.zeros((2 * radius + 1,) * 2, bool)
    middle[radius, radius] = True
    far = ndimage.distance_transform_edt(~middle)
    assert np.array_equal(disc(radius), far <= radius)
