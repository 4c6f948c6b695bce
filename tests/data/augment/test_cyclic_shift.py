"""Rolled sheets: picture and mask together, along the longer side, steel alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.data.augment.cyclic_shift import EDGE, cyclic_shift

BLACK = 2


def flat(shape: tuple[int, int]) -> np.ndarray:
    return np.full(shape, 90, np.uint8)


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 300)),
    st.booleans(),
    st.sampled_from([np.uint8, np.uint16]),
    st.integers(0, 2**32),
)
@settings(max_examples=100, deadline=None)
def test_a_mask_is_rolled_and_nothing_of_it_lost(
    shape: tuple[int, int], upright: bool, dtype: type, seed: int
) -> None:
    bits = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    bits = np.ascontiguousarray(bits.T) if upright else bits
    axis = int(bits.shape[1] >= bits.shape[0])
    rolled, after = cyclic_shift(flat(bits.shape), bits, 1.0, np.random.default_rng(seed))
    assert after.dtype == dtype
    assert any(np.array_equal(np.roll(bits, by, axis), after) for by in range(bits.shape[axis]))
    assert np.array_equal(rolled, flat(bits.shape))


def test_picture_and_mask_move_together() -> None:
    picture, bits = flat((20, 300)), np.zeros((20, 300), np.uint8)
    picture[5:9, 140:150] = 250
    bits[5:9, 140:150] = 8
    for seed in range(30):
        rolled, after = cyclic_shift(picture, bits, 1.0, np.random.default_rng(seed))
        assert np.array_equal(after == 8, rolled > 170)


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize(("before", "after"), [(100, 0), (0, 60), (80, 40)])
def test_black_bands_and_the_strip_s_edge_stay(before: int, after: int, upright: bool) -> None:
    picture = np.random.default_rng(0).integers(80, 110, (30, 400)).astype(np.uint8)
    picture[:, :before] = BLACK
    picture[:, 400 - after :] = BLACK
    bits = np.zeros((30, 400), np.uint8)
    bits[:, before + 30 : before + 60] = 1
    inputs = (picture.T.copy(), bits.T.copy()) if upright else (picture, bits)
    moved = 0
    for seed in range(20):
        rolled, mask = cyclic_shift(*inputs, 1.0, np.random.default_rng(seed))
        rolled, mask = (rolled.T, mask.T) if upright else (rolled, mask)
        assert np.array_equal(rolled == BLACK, picture == BLACK)
        assert rolled[:, before : 400 - after].min() > 50
        assert mask.sum() == bits.sum()
        if before:
            assert not mask[:, : before + EDGE].any()
        moved += not np.array_equal(mask, bits)
    assert moved > 15


def test_no_step_in_brightness_where_the_ends_meet() -> None:
    picture = np.broadcast_to(np.linspace(60, 180, 400).astype(np.uint8), (32, 400))
    for seed in range(10):
        rolled, _ = cyclic_shift(picture, picture, 1.0, np.random.default_rng(seed))
        assert np.abs(np.diff(rolled.astype(int), axis=1)).max() <= 12  # 120 without the smoothed seam


def test_too_little_steel_is_left_alone() -> None:
    picture = np.full((20, 200), BLACK, np.uint8)
    assert cyclic_shift(picture, picture, 1.0, np.random.default_rng(0))[0] is picture
    picture[:, 100:120] = 90
    assert cyclic_shift(picture, picture, 1.0, np.random.default_rng(0))[0] is picture


def test_the_chance() -> None:
    bits = np.broadcast_to(np.arange(100, dtype=np.uint8), (8, 100))
    same = sum(
        np.array_equal(cyclic_shift(flat((8, 100)), bits, 0.3, np.random.default_rng(seed))[1], bits)
        for seed in range(200)
    )
    assert 115 < same < 165
