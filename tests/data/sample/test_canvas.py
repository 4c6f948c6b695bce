"""Stamps stay on the steel and apart from one another; outlines are coarse, whole and a little too large."""

import numpy as np
import pytest
from scipy import ndimage

from severstal.data.sample.canvas import GAP, HEIGHT, WIDTH, Canvas, Stamp, outline
from severstal.data.sample.steel import Steel


def canvas(left: int = 0, right: int = WIDTH) -> Canvas:
    return Canvas(Steel(np.full((HEIGHT, WIDTH), 100, np.float32), left, right))


def square(side: int, **place: int) -> Stamp:
    mask = np.ones((side, side), np.uint8)
    return Stamp(mask * np.float32(-0.5), mask, **place)


def test_stamps_are_set_where_they_say_and_cut_at_the_edge() -> None:
    picture = canvas()
    assert picture.set(np.random.default_rng(0), 2, square(40, top=10, left=100)) == 1600
    assert picture.set(np.random.default_rng(0), 4, square(40, top=-10, left=500)) == 1200
    assert (picture.bits[10:50, 100:140] == 2).all()
    assert (picture.bits[:30, 500:540] == 8).all()
    assert np.count_nonzero(picture.bits) == 2800
    assert np.array_equal(picture.grey == 50, picture.bits > 0)


def test_no_room_leaves_the_picture_as_it_was() -> None:
    picture = canvas(left=1000)
    rng = np.random.default_rng(0)
    assert picture.set(rng, 1, square(40, top=0, left=900)) == 0
    picture.set(rng, 1, square(40, top=0, left=1200))
    before = picture.grey.copy(), picture.bits.copy()
    assert picture.set(rng, 3, square(40, top=20, left=1200)) == 0
    assert np.array_equal(picture.grey, before[0])
    assert np.array_equal(picture.bits, before[1])


def test_random_stamps_keep_their_distance_and_stay_on_the_steel() -> None:
    picture, rng = canvas(300, 1100), np.random.default_rng(0)
    for turn in range(300):
        picture.set(rng, turn % 4 + 1, square(int(rng.integers(12, 90))))
    assert not picture.bits[:, :300].any()
    assert not picture.bits[:, 1100:].any()
    assert set(np.unique(picture.bits)) == {0, 1, 2, 4, 8}
    for bit in (1, 2, 4, 8):
        distance = ndimage.distance_transform_edt(picture.bits != bit)
        assert distance[(picture.bits > 0) & (picture.bits != bit)].min() > GAP - 1


@pytest.mark.parametrize("seed", range(5))
def test_outlines_cover_the_defect_without_holes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    support = np.zeros((120, 200), bool)
    support[30:90, 30:170] = ndimage.gaussian_filter(rng.normal(size=(60, 140)), 5) > 0.03
    mask = outline(support, margin=5, bridge=4, tolerance=3)
    assert mask.shape == support.shape
    assert set(np.unique(mask)) == {0, 1}
    assert (mask[support] == 1).mean() > 0.995
    assert np.array_equal(ndimage.binary_fill_holes(mask), mask > 0)
    assert ndimage.distance_transform_edt(~support)[mask > 0].max() < 40
