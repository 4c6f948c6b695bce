"""Erased pieces: the label goes with the defect, wholly, and nothing else changes."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.data.augment.blackout import blackout
from severstal.data.augment.window import Window

SHAPE = (96, 400)


def steel(seed: int = 0, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    return np.random.default_rng(seed).integers(80, 110, shape).astype(np.uint8)


def erase(picture: np.ndarray, bits: np.ndarray, chance: float = 1.0, seed: int = 0, window=None):
    window = window or Window(0, 0, *picture.shape)
    return blackout(picture, bits, window, chance, np.random.default_rng(seed))


@given(st.integers(0, 2**32), st.floats(0, 1), st.sampled_from([np.uint8, np.uint16]))
@settings(max_examples=40, deadline=None)
def test_pieces_vanish_wholly_or_stay_wholly(seed: int, chance: float, dtype: type) -> None:
    rng = np.random.default_rng(seed)
    picture, bits = steel(), np.zeros(SHAPE, dtype)
    for _ in range(rng.integers(0, 6)):
        top, left = rng.integers(0, 80), rng.integers(0, 380)
        bit = 1 << int(rng.integers(8 * bits.itemsize))
        bits[top : top + rng.integers(1, 70), left : left + rng.integers(1, 90)] |= dtype(bit)
    before = (picture.copy(), bits.copy())
    changed, left_over = erase(picture, bits, chance, seed)
    assert np.array_equal(picture, before[0])  # the store's own arrays are not to be written to
    assert np.array_equal(bits, before[1])
    assert changed.dtype == np.uint8
    assert left_over.dtype == dtype
    count, labels = cv2.connectedComponents((bits != 0).astype(np.uint8))
    for number in range(1, count):
        here = labels == number
        stays = np.array_equal(left_over[here], bits[here])
        assert stays or not left_over[here].any()
        if stays:
            assert np.array_equal(changed[here], picture[here])
    assert not (left_over & ~bits).any()
    far = cv2.dilate((bits != left_over).astype(np.uint8), np.ones((41, 41), np.uint8)) == 0
    assert np.array_equal(changed[far], picture[far])


@pytest.mark.parametrize("level", [20, 220])
def test_an_erased_defect_is_not_to_be_seen(level: int) -> None:
    picture, bits = steel(), np.zeros(SHAPE, np.uint8)
    slope = np.linspace(0, 60, SHAPE[1]).astype(np.uint8)
    picture += slope  # the light changes across the sheet
    plain = picture.copy()
    bits[30:60, 150:200] = 1
    picture[27:63, 147:203] = level  # the outline is drawn a little too small
    erased, left = erase(picture, bits)
    assert not left.any()
    inside, outside = erased[20:70, 140:210].astype(float), plain[20:70, 140:210].astype(float)
    assert abs(inside.mean() - outside.mean()) < 2
    assert 0.85 < (inside - slope[140:210]).std() / (outside - slope[140:210]).std() < 1.15
    seams = np.abs(np.diff(cv2.blur(erased, (1, 31)).astype(float), axis=1))[45]
    assert seams[130:220].max() < 2.5 * np.sort(seams[:130])[-5]


def test_only_pieces_that_the_window_meets_are_erased() -> None:
    bits = np.zeros(SHAPE, np.uint8)
    bits[10:20, 40:60] = bits[10:20, 300:320] = 1
    _, left = erase(steel(), bits, window=Window(0, 0, 96, 50))
    assert not left[:, :200].any()
    assert left[:, 200:].sum() == 200


def test_the_chance_is_each_piece_s() -> None:
    bits = np.zeros(SHAPE, np.uint8)
    for column in range(10, 390, 40):
        bits[40:45, column : column + 5] = 1
    counts = [cv2.connectedComponents(erase(steel(), bits, 0.3, seed)[1])[0] - 1 for seed in range(40)]
    assert abs(np.mean(counts) - 7) < 1
    assert len(set(counts)) > 2


def test_where_there_is_no_plain_steel_all_stays() -> None:
    bits = np.ones(SHAPE, np.uint8)
    picture = steel()
    bits[:, 380:] = 0
    changed, left = erase(picture, bits)
    assert np.array_equal(left, bits)
    assert np.array_equal(changed, picture)


def test_black_stays_black_and_gives_no_steel() -> None:
    picture, bits = steel(), np.zeros(SHAPE, np.uint8)
    picture[:, :200] = 1
    bits[30:50, 195:215] = 1
    changed, left = erase(picture, bits)
    assert not left.any()
    assert np.array_equal(changed[:, :200], picture[:, :200])
    assert changed[:, 200:].min() > 60


def test_a_large_piece_is_covered_in_parts() -> None:
    picture, bits = steel(), np.zeros(SHAPE, np.uint8)
    bits[:, 100:330] = 1  # neither side beside it is as wide
    picture[bits > 0] = 230
    changed, left = erase(picture, bits)
    assert not left.any()
    assert changed.max() < 130


def test_no_defect_no_work() -> None:
    picture, bits = steel(), np.zeros(SHAPE, np.uint8)
    assert erase(picture, bits)[0] is picture
