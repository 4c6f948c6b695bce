"""Outlines: against scipy's erosion and every pair of points."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage
from scipy.spatial.distance import cdist

from severstal.evaluation.contours import contour, distances

masks = arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 11)))


@given(masks)
@settings(max_examples=80, deadline=None)
def test_an_outline_is_what_erosion_takes(mask):
    assert np.array_equal(contour(mask), np.argwhere(mask & ~ndimage.binary_erosion(mask)))


@given(masks, masks)
@settings(max_examples=60, deadline=None)
def test_distances_are_those_to_the_nearest_of_all(one, other):
    points, others = contour(one), contour(other)
    if len(others):
        wanted = cdist(points, others).min(axis=1) if len(points) else np.empty(0)
        np.testing.assert_allclose(distances(points, others), wanted, rtol=1e-12)


def test_an_outline_in_a_corner_keeps_its_place():
    mask = np.zeros((5, 6), bool)
    mask[2:, 3:] = True
    assert contour(mask).tolist() == np.argwhere(mask & ~ndimage.binary_erosion(mask)).tolist()
    assert [3, 4] not in contour(mask).tolist()
