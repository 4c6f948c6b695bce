"""Fingerprints do not mind a shift, tell the orientation, and find the scale."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.data.duplicates.fingerprint import Fingerprints
from severstal.data.duplicates.frame import Frame
from severstal.data.duplicates.orientation import orient

SQUARE, LONG = Frame((128, 128), 1, 128, 1), Frame((128, 384), 3, 128, 1)


def grain(seed: int, shape: tuple[int, int]) -> np.ndarray:
    return cv2.GaussianBlur(np.random.default_rng(seed).normal(size=shape), (0, 0), 1.5).astype(np.float32)


@settings(max_examples=15, deadline=None)
@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(0, 99))
def test_a_shift_keeps_the_fingerprint(y: int, x: int, seed: int) -> None:
    fingerprints, tall = Fingerprints(LONG), grain(seed, (220, 600))
    first, second = tall[46:174, 100:484], tall[46 + y : 174 + y, 100 + x : 484 + x]
    marks = [fingerprints.of(canvas)[None] for canvas in (first, second, grain(seed + 100, LONG.shape))]
    assert fingerprints.correlate(marks[0], marks[1])[0, 0, 0] > 0.35
    assert fingerprints.correlate(marks[0], marks[2]).max() < 0.25


@pytest.mark.parametrize("frame", [SQUARE, LONG])
def test_each_orientation_is_reported(frame: Frame) -> None:
    fingerprints, picture = Fingerprints(frame), grain(0, frame.shape)
    plain = fingerprints.of(picture)[None]
    assert sum(map(len, fingerprints.orientations)) == (8 if frame.is_square else 4)
    for number, alike in enumerate(fingerprints.orientations):
        for orientation in alike:
            turned = np.ascontiguousarray(orient(picture, orientation))
            scores = fingerprints.correlate(plain, fingerprints.of(turned)[None])[:, 0, 0]
            assert scores[number] > 0.99
            assert np.delete(scores, number).max() < 0.5


@pytest.mark.parametrize("frame", [SQUARE, LONG])
@pytest.mark.parametrize("scale", [0.86, 0.95, 1.05, 1.16])
def test_the_scale_is_found(frame: Frame, scale: float) -> None:
    fingerprints, picture = Fingerprints(frame), grain(1, frame.shape)
    height, width = frame.shape
    matrix = np.array([[scale, 0, (1 - scale) * width / 2], [0, scale, (1 - scale) * height / 2]])
    scaled = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    mark = fingerprints.of(scaled)[None]
    scores = [
        fingerprints.correlate(fingerprints.of(picture, float(step))[None], mark)[0, 0, 0]
        for step in frame.scales
    ]
    assert max(scores) > 0.5
    assert abs(np.log(frame.scales[np.argmax(scores)] / scale)) < 0.04


def test_a_picture_without_texture_has_no_fingerprint() -> None:
    assert not Fingerprints(SQUARE).of(np.zeros(SQUARE.shape, np.float32)).any()


@pytest.mark.parametrize("frame", [SQUARE, LONG])
@pytest.mark.filterwarnings("error")
def test_texture_that_the_window_hides_has_no_fingerprint(frame: Frame) -> None:
    corner = np.zeros(frame.shape, np.float32)
    corner[0, 0] = 1
    mark = Fingerprints(frame).of(corner)
    assert np.isfinite(mark).all()
    assert np.linalg.norm(mark) == pytest.approx(0, abs=1e-6) or np.linalg.norm(mark) == pytest.approx(1)
