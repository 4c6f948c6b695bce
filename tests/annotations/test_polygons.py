"""Outlines and their filling are exact, for this reader and for two independent ones."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from matplotlib.path import Path
from PIL import Image, ImageDraw
from pycocotools import mask as coco
from scipy.ndimage import label

from severstal.annotations.polygons import fill, outlines
from severstal.competition.rle import decode
from severstal.competition.spec import SEVERSTAL
from severstal.competition.tables import read_labels

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12))


def union(polygons, shape):
    mask = np.zeros(shape, bool)
    for polygon in polygons:
        mask |= fill(polygon, shape)
    return mask


def by_pillow(polygons, shape):
    """As LabelMe's `shape_to_mask` does."""
    picture = Image.new("L", shape[::-1])
    for polygon in polygons:
        ImageDraw.Draw(picture).polygon([tuple(point) for point in polygon.tolist()], outline=1, fill=1)
    return np.asarray(picture) > 0


def by_pycocotools(polygons, shape):
    flat = [polygon.ravel().astype(float).tolist() for polygon in polygons]
    return coco.decode(coco.merge(coco.frPyObjects(flat, *shape))) > 0


@given(MASKS, st.sampled_from([0, 0.25, 0.49]))
@settings(max_examples=300, deadline=None)
def test_outlines_filled_are_the_mask(mask, inset):
    polygons = outlines(mask, inset)
    assert len(polygons) == label(mask)[1]
    np.testing.assert_array_equal(union(polygons, mask.shape), mask)


@given(MASKS)
@settings(max_examples=200, deadline=None)
def test_pycocotools_and_pillow_fill_them_to_the_same_mask(mask):
    if mask.any():
        np.testing.assert_array_equal(by_pycocotools(outlines(mask), mask.shape), mask)
        np.testing.assert_array_equal(by_pillow(outlines(mask, 0.25), mask.shape), mask)


def test_a_chain_of_holes_is_no_recursion():
    mask = np.ones((3, 5001), bool)
    mask[1, 1::2] = False
    (polygon,) = outlines(mask)
    np.testing.assert_array_equal(fill(polygon, mask.shape), mask)


def test_an_empty_mask_has_no_outline():
    assert outlines(np.zeros((3, 4))) == []


@given(
    st.lists(st.tuples(*[st.floats(-4, 14, allow_subnormal=False)] * 2), min_size=3, max_size=7),
)
@settings(max_examples=200, deadline=None)
def test_fill_is_the_even_odd_rule_at_pixel_centres(points):
    """Against Matplotlib's ray casting a triangle at a time: even-odd areas add up modulo 2."""
    points = np.array(points) + 1e-3 * np.sqrt(
        np.arange(2 * len(points)).reshape(-1, 2)
    )  # no centre on an edge
    shape = (7, 10)
    down, across = np.mgrid[:7, :10] + 0.5
    expected = np.zeros(shape, bool)
    close = np.zeros(shape, bool)
    for second, third in pairwise(points[1:]):
        triangle = Path(np.array([points[0], second, third]))
        centres = np.c_[across.ravel(), down.ravel()]
        expected ^= triangle.contains_points(centres).reshape(shape)
    for start, end in zip(points, [*points[1:], points[0]], strict=True):
        close |= _distance(across, down, start, end) < 1e-6
    for corner in points[2:-1]:
        close |= _distance(across, down, points[0], corner) < 1e-6
    np.testing.assert_array_equal(fill(points, shape)[~close], expected[~close])


def _distance(x, y, start, end):
    along = end - start
    length = max(float(along @ along), 1e-30)
    part = np.clip(((x - start[0]) * along[0] + (y - start[1]) * along[1]) / length, 0, 1)
    return np.hypot(x - start[0] - part * along[0], y - start[1] - part * along[1])


@pytest.mark.parametrize("turn", [1, -1])
def test_either_way_round_and_outside_the_picture(turn):
    square = np.array([(-50, -50), (2, -50), (2, 3), (-50, 3)])[::turn]
    expected = np.zeros((4, 5), bool)
    expected[:3, :2] = True
    np.testing.assert_array_equal(fill(square, (4, 5)), expected)
    assert not fill(square + 100, (4, 5)).any()


def test_crossings_are_held_in_parts(monkeypatch):
    rng = np.random.default_rng(0)
    points = rng.uniform(-5, 45, (400, 2))
    whole = fill(points, (40, 40))
    monkeypatch.setattr("severstal.annotations.polygons.CROSSINGS", 100)
    np.testing.assert_array_equal(fill(points, (40, 40)), whole)


def test_real_masks_are_the_same_in_every_reader(real_data):
    table = read_labels(real_data / "severstal" / "reference" / "train_rle.csv", SEVERSTAL)
    for runs in table["EncodedPixels"][::150]:
        mask = decode(runs, SEVERSTAL.image_shape) > 0
        np.testing.assert_array_equal(union(outlines(mask), mask.shape), mask)
        np.testing.assert_array_equal(by_pycocotools(outlines(mask), mask.shape), mask)
        np.testing.assert_array_equal(by_pillow(outlines(mask, 0.25), mask.shape), mask)
