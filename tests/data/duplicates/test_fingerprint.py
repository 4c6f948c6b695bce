"""Reliefs keep the engraving alone; fingerprints do not mind a shift; all near pairs are named, once."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.data.duplicates.fingerprint import alike, fingerprint, relief, shrinking


def steel(seed: int, shape: tuple[int, int] = (128, 400)) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(100, 60, shape)
    return cv2.GaussianBlur(noise, (0, 0), 1.5).clip(0, 255).astype(np.uint8)


def test_light_and_contrast_leave_the_relief_as_it_is() -> None:
    picture = steel(0).astype(np.float32)
    light = np.linspace(0.7, 1.1, picture.shape[1], dtype=np.float32)
    changed = (picture * light + 15).round().astype(np.uint8)
    assert np.corrcoef(relief(steel(0)).ravel(), relief(changed).ravel())[0, 1] > 0.98


def test_vertical_lines_are_taken_off() -> None:
    picture = steel(0)
    lined = picture.copy()
    lined[:, 200:204] = np.clip(lined[:, 200:204].astype(int) - 40, 0, 255)
    assert np.abs(relief(lined).mean(axis=0)).max() < 0.25
    assert np.corrcoef(relief(lined).ravel(), relief(picture).ravel())[0, 1] > 0.97


def test_black_bands_are_zero_and_their_edge_too() -> None:
    picture = steel(0)
    picture[:, 300:] = 3
    assert not relief(picture)[:, 300:].any()
    assert np.abs(relief(picture)[:, :290]).max() > 0.5


def test_the_relief_keeps_at_least_128_rows() -> None:
    assert relief(steel(0, (256, 800))).shape == (128, 400)
    assert relief(steel(0, (200, 300))).shape == (200, 300)
    assert shrinking((1024, 900)) == 7


@settings(max_examples=15, deadline=None)
@given(st.integers(-20, 20), st.integers(-40, 40), st.integers(0, 99))
def test_a_shift_keeps_the_fingerprint(y: int, x: int, seed: int) -> None:
    tall = steel(seed, (220, 600))
    first, second = tall[46:174, 100:500], tall[46 + y : 174 + y, 100 + x : 500 + x]
    same = fingerprint(relief(first)) @ fingerprint(relief(second))
    different = fingerprint(relief(first)) @ fingerprint(relief(steel(seed + 100)))
    assert same > 0.35
    assert abs(different) < 0.18


def test_a_picture_without_texture_has_no_fingerprint() -> None:
    assert not fingerprint(relief(np.full((64, 96), 128, np.uint8))).any()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(1, 5), st.integers(0, 10**6))
def test_all_near_pairs_are_named(count: int, most: int, seed: int) -> None:
    marks = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)
    marks /= np.linalg.norm(marks, axis=1, keepdims=True)
    near = marks @ marks.T
    everyone = [(a, b) for a in range(count) for b in range(a + 1, count) if near[a, b] >= 0.8]
    assert sorted(alike(marks, 0.8, 100)) == everyone
    few = list(alike(marks, 0.8, most))
    for a in range(count):
        partners = sorted((near[a, b] for x, b in everyone if x == a), reverse=True)
        assert [near[a, b] for x, b in few if x == a] == partners[:most]


def test_more_pictures_than_one_chunk() -> None:
    marks = np.zeros((2100, 2100), np.float32)
    np.fill_diagonal(marks, 1)
    marks[2050] = marks[3]
    marks[1500] = marks[1400]
    assert list(alike(marks, 0.5, 4)) == [(3, 2050), (1400, 1500)]
