"""The transformation is found whatever it is, and the agreement tells copies from other steel."""

import cv2
import numpy as np
import pytest
from scipy.signal import correlate2d

from severstal.data.duplicates.align import PlacedRelief, align, warp
from severstal.data.duplicates.frame import Frame
from severstal.data.duplicates.orientation import ORIENTATIONS, nearest_orientation, orient


def engraved(seed: int, shape: tuple[int, int] = (128, 128), sigma: float = 1.2) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 5, shape)
    return cv2.GaussianBlur(noise, (0, 0), sigma).astype(np.float32)


def placed(canvas: np.ndarray) -> PlacedRelief:
    square = canvas.shape[0] == canvas.shape[1]
    tiles = 1 if square else round(canvas.shape[1] / canvas.shape[0])
    return PlacedRelief(np.ascontiguousarray(canvas), Frame(canvas.shape, tiles, canvas.shape[0], 1))


@pytest.mark.parametrize("seed", range(4))
def test_the_shift_is_the_best_of_all(seed: int) -> None:
    first = engraved(seed, (64, 64), 3.0)
    second = np.roll(first, (6, -10), (0, 1)) + 0.3 * engraved(seed + 50, (64, 64), 3.0)
    every = correlate2d(second, first)  # [63 + y, 63 + x] belongs to shift (y, x)
    y, x = np.unravel_index(every[48:80, 48:80].argmax(), (32, 32))
    found = align(placed(first), placed(second))
    assert np.abs(found.matrix[:, 2] - (x - 15, y - 15)).max() < 1.5
    assert found.agreement > 0


@pytest.mark.parametrize(("y", "x"), [(0, 0), (9, -20), (-24, 24), (3, 7)])
def test_a_moved_relief_agrees(y: int, x: int) -> None:
    tall = engraved(1, (160, 240))
    found = align(placed(tall[30:126, 40:200]), placed(tall[30 - y : 126 - y, 40 - x : 200 - x]))
    assert np.allclose(found.matrix @ [80, 48, 1], [80 + x, 48 + y], atol=0.2)
    assert np.allclose(found.matrix[:, :2], np.eye(2), atol=0.005)
    assert found.agreement > 0.99


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("scale", [0.9, 1.0, 1.12])
def test_a_turned_and_scaled_relief_agrees(orientation: str, scale: float) -> None:
    first = engraved(3)
    turned = orient(first, orientation)
    matrix = np.array([[scale, 0, (1 - scale) * 64], [0, scale, (1 - scale) * 64]])
    second = warp(np.ascontiguousarray(turned), matrix, turned.shape)
    found = align(placed(first), placed(second), list(ORIENTATIONS), scale * 1.02)
    name, measured = nearest_orientation(found.matrix[:, :2])
    assert name == orientation
    assert measured == pytest.approx(scale, abs=0.005)
    assert found.agreement > 0.9
    assert np.abs(found.matrix @ [64, 64, 1] - 64).max() < 0.5


def test_a_scale_that_is_off_is_corrected_along_a_long_picture() -> None:
    first = engraved(2, (128, 768))
    matrix = np.array([[1.04, 0, -0.04 * 384], [0, 1.04, -0.04 * 64]])
    found = align(placed(first), placed(warp(first, matrix, first.shape)))
    assert found.agreement > 0.9
    assert nearest_orientation(found.matrix[:, :2])[1] == pytest.approx(1.04, abs=0.003)


def test_other_steel_does_not_agree() -> None:
    unlike = [align(placed(engraved(seed)), placed(engraved(seed + 50))) for seed in range(20)]
    assert max(found.agreement for found in unlike) < 0.5
    assert max(found.evidence for found in unlike) < 6


def test_evidence_grows_with_the_area_and_with_the_fineness_of_the_grain() -> None:
    def evidence(shape: tuple[int, int], sigma: float) -> float:
        first = engraved(0, shape, sigma)
        return align(placed(first), placed(first + 0.2 * engraved(9, shape, sigma))).evidence

    fine, small, coarse = evidence((128, 128), 1.5), evidence((64, 64), 1.5), evidence((128, 128), 4.0)
    assert fine == pytest.approx(2 * small, rel=0.15)  # of independent pixels there are four times as many
    assert coarse < fine / 2


def test_too_few_pieces_are_no_evidence() -> None:
    first = 0.01 * engraved(1, (96, 160))
    texture = engraved(0)
    texture *= 0.45 / texture.std()  # half a piece of it has too little
    first[:36, :24] = texture[:36, :24]  # pieces of 24 pixels, moved by 12, one above the other: two or three
    found = align(placed(first), placed(first))
    assert found.agreement == 0
    first[:60, :24] = texture[:60, :24]  # four
    found = align(placed(first), placed(first))
    assert found.pieces == 4
    assert found.agreement > 0.99
    assert align(placed(np.zeros_like(first)), placed(first)).agreement == 0


def test_a_third_in_common_is_no_copy() -> None:
    first, second = engraved(3, (128, 400)), engraved(4, (128, 400))
    second[:, :150] = first[:, :150]
    assert align(placed(first), placed(second)).agreement < 0.6


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_warp_by_an_orientation_equals_orient(orientation: str) -> None:
    picture = np.arange(35, dtype=np.uint8).reshape(5, 7)
    expected = orient(picture, orientation)
    linear = np.array(ORIENTATIONS[orientation], float)
    offset = np.array(expected.shape[::-1]) / 2 - linear @ [3.5, 2.5]
    assert np.array_equal(warp(picture, np.column_stack([linear, offset]), expected.shape), expected)
