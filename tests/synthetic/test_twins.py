"""Near-duplicates are near, but not the same; no class is lost."""

import numpy as np
import pytest
from scipy import ndimage

from severstal.synthetic.draw import draw_image
from severstal.synthetic.plan import Order, Wanted
from severstal.synthetic.twins import FARTHEST, alter

ORDER = Order((Wanted(1, 2000, 2), Wanted(3, 12_000, 2)), light=0.6)


@pytest.fixture(scope="module")
def first() -> tuple[np.ndarray, np.ndarray]:
    return draw_image(0, "train", 0, ORDER)


def nearest(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference in grey level after the best shift and the best gain."""
    margin = max(FARTHEST)
    core = one[margin:-margin, margin:-margin].astype(float)
    best = np.inf
    for y in range(-FARTHEST[0], FARTHEST[0] + 1):
        for x in range(-FARTHEST[1], FARTHEST[1] + 1):
            part = other[margin + y :, margin + x :][: core.shape[0], : core.shape[1]].astype(float)
            best = min(best, np.abs(core - part * core.mean() / part.mean()).mean())
    return best


def test_twins_are_near_but_not_the_same(first: tuple[np.ndarray, np.ndarray]) -> None:
    masks = 0
    for seed in range(12):
        picture, bits = alter(np.random.default_rng(seed), *first)
        assert picture.dtype == bits.dtype == np.uint8
        assert not np.array_equal(picture, first[0])
        assert nearest(first[0], picture) < 6
        assert set(np.unique(bits)) == set(np.unique(first[1]))
        changed = np.sum(bits > 0) / np.sum(first[1] > 0)
        assert 0.7 < changed < 1.4
        masks += abs(changed - 1) > 0.03
    assert 0 < masks < 12  # some were annotated again


def test_drawing_a_twin_alters_the_first_one(first: tuple[np.ndarray, np.ndarray]) -> None:
    twin = Order(ORDER.masks, ORDER.light, twin_of=0)
    picture, _ = draw_image(0, "train", 9, twin)
    assert nearest(first[0], picture) < 6
    assert np.array_equal(picture, draw_image(0, "train", 9, twin)[0])
    other = draw_image(0, "train", 9, ORDER)[0]
    assert nearest(first[0], other) > 6


def test_a_tiny_mask_is_not_lost() -> None:
    bits = np.zeros((256, 1600), np.uint8)
    bits[100:103, 50:53] = 2
    picture = ndimage.gaussian_filter(np.random.default_rng(0).normal(90, 20, bits.shape), 1).astype(np.uint8)
    for seed in range(30):
        assert (alter(np.random.default_rng(seed), picture, bits)[1] == 2).any()
