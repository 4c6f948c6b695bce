"""The shift equals that of an independent search, and the agreement separates copies from other steel."""

import cv2
import numpy as np
import pytest
from scipy.signal import correlate2d

from severstal.data.duplicates.compare import FEWEST, align, best_shift


def engraved(seed: int, shape: tuple[int, int] = (96, 160)) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 3, shape)
    return cv2.GaussianBlur(noise, (0, 0), 1.2).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_the_shift_is_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, 24, 40)).astype(np.float32)
    reach = 6
    every = correlate2d(second, first)  # [23 + y, 39 + x] belongs to shift (y, x)
    near = every[23 - reach : 24 + reach, 39 - reach : 40 + reach]
    y, x = np.unravel_index(near.argmax(), near.shape)
    assert best_shift(first, second) == (y - reach, x - reach)


@pytest.mark.parametrize(("y", "x"), [(0, 0), (9, -20), (-24, 24), (3, 7)])
def test_a_moved_relief_agrees(y: int, x: int) -> None:
    tall = engraved(1, (160, 240))
    found = align(tall[30:126, 40:200], tall[30 - y : 126 - y, 40 - x : 200 - x])
    assert found.shift == (y, x)
    assert found.agreement > 0.99


def test_other_steel_does_not_agree() -> None:
    assert max(align(engraved(seed), engraved(seed + 50)).agreement for seed in range(20)) < 0.55


def test_a_slight_change_of_scale_is_borne() -> None:
    first = engraved(2, (128, 256))
    larger = cv2.resize(first, None, fx=1.03, fy=1.03)[:128, :256]
    assert align(first, larger).agreement > 0.8


def test_too_few_pieces_are_no_evidence() -> None:
    first = np.zeros((96, 160), np.float32)
    first[:33, :33] = engraved(0, (33, 33))
    found = align(first, first)
    assert found.pieces < FEWEST
    assert found.agreement == 0
    assert align(np.zeros_like(first), first).agreement == 0


def test_half_a_common_picture_is_no_copy() -> None:
    first, second = engraved(3, (128, 400)), engraved(4, (128, 400))
    second[:, :150] = first[:, :150]
    assert align(first, second).agreement < 0.6
