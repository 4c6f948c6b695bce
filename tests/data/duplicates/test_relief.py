"""A relief keeps the texture alone."""

import cv2
import numpy as np

from severstal.data.duplicates.relief import relief, shrink_picture, shrink_step, wide_blur


def steel(seed: int, shape: tuple[int, int] = (128, 400)) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(100, 60, shape)
    return cv2.GaussianBlur(noise, (0, 0), 1.5).clip(0, 255).astype(np.float32)


def test_light_and_contrast_leave_the_relief_as_it_is() -> None:
    light = np.linspace(0.7, 1.1, 400, dtype=np.float32)
    changed = (steel(0) * light + 15).round()
    assert np.corrcoef(relief(steel(0)).ravel(), relief(changed).ravel())[0, 1] > 0.98


def test_vertical_lines_are_subtracted() -> None:
    picture, lined = steel(0), steel(0)
    lined[:, 200:204] = np.clip(lined[:, 200:204] - 40, 0, 255)
    assert np.abs(relief(lined).mean(axis=0)).max() < 0.25
    assert np.corrcoef(relief(lined).ravel(), relief(picture).ravel())[0, 1] > 0.97


def test_black_bands_are_zero_and_their_edge_too() -> None:
    picture = steel(0)
    picture[:, 300:] = 3
    assert not relief(picture)[:, 300:].any()
    assert np.abs(relief(picture)[:, :290]).max() > 0.5


def test_shrinking_keeps_a_side_of_at_least_128() -> None:
    for shape, step in {(256, 800): 2, (200, 300): 1, (1024, 900): 7, (60, 90): 1}.items():
        assert shrink_step(shape) == step
    assert shrink_picture(np.zeros((256, 1601), np.uint8), 2).shape == (128, 800)


def test_a_wide_blur_is_nearly_the_exact_one() -> None:
    plane = np.random.default_rng(0).normal(size=(128, 400)).astype(np.float32)
    for sigma in (6.0, 12.0):
        exact = cv2.GaussianBlur(plane, (0, 0), sigma)
        assert np.abs(wide_blur(plane, sigma) - exact)[20:-20, 20:-20].max() < 0.4 * exact.std()


def test_one_strong_edge_does_not_outweigh_different_grain() -> None:
    reliefs = []
    for seed in (0, 1):
        picture = cv2.GaussianBlur(np.random.default_rng(seed).normal(90, 30, (128, 400)), (0, 0), 1.5)
        cv2.line(picture, (20, 30), (380, 100), 220, 5)
        reliefs.append(relief(picture.clip(0, 255).astype(np.float32)))
    assert np.corrcoef(reliefs[0].ravel(), reliefs[1].ravel())[0, 1] < 0.35
