"""The CRF: against a mean field with the weights of every pair of pixels."""

import numpy as np
import pytest
import torch

from severstal.decision.refine.crf import Crf


def slowly(crf: Crf, plane: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """(H, W) probabilities of two labels, updated as in the paper's algorithm 1 with Potts' penalty."""
    rows, columns = (axis.ravel().astype(float) for axis in np.mgrid[: plane.shape[0], : plane.shape[1]])
    grey = picture.ravel().astype(float)
    place = np.square(np.subtract.outer(rows, rows)) + np.square(np.subtract.outer(columns, columns))
    bright = np.square(np.subtract.outer(grey, grey))
    appearance = np.exp(-place / 2 / crf.appearance_distance**2 - bright / 2 / crf.appearance_brightness**2)
    smoothness = np.exp(-place / 2 / crf.smoothness_distance**2)
    appearance, smoothness = (
        weights / weights.sum(axis=1, keepdims=True) for weights in (appearance, smoothness)
    )
    yes = np.clip(plane.ravel() / 255, 0.5 / 255, 1 - 0.5 / 255)
    start = np.stack([1 - yes, yes])  # (2, pixels)
    q = start.copy()
    for _ in range(crf.iterations):
        message = crf.appearance * q @ appearance.T + crf.smoothness * q @ smoothness.T
        energy = -np.log(start) + message[::-1]  # what the other label's neighbours cost
        q = np.exp(-energy) / np.exp(-energy).sum(axis=0)
    return q[1].reshape(plane.shape)


def scene(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A dark patch on steel, and a noisy map that is shifted against it."""
    rng = np.random.default_rng(seed)
    picture = rng.normal(150, 6, (20, 28))
    picture[6:14, 8:20] -= 70
    plane = np.full(picture.shape, 60.0)
    plane[6:14, 10:22] = 200
    plane += rng.normal(0, 20, plane.shape)
    return tuple(np.clip(each, 0, 255).astype(np.uint8) for each in (plane, picture))


@pytest.mark.parametrize("iterations", [0, 1, 3, 8])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_mean_field_is_that_over_all_pairs(iterations, seed):
    crf = Crf(iterations, appearance_distance=6, smoothness_distance=1.5)
    plane, picture = scene(seed)
    apart = np.abs(crf.refine(plane, picture) / 255 - slowly(crf, plane, picture))
    assert apart.max() < (0.003 if iterations == 0 else 0.02)
    assert apart.mean() < 0.005


def test_the_default_widths_are_near_it_too():
    plane, picture = scene(2)
    apart = np.abs(Crf().refine(plane, picture) / 255 - slowly(Crf(), plane, picture))
    assert apart.max() < 0.02


def test_no_iteration_leaves_the_map():
    plane = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.abs(Crf(0).refine(plane, plane).astype(int) - plane).max() <= 1  # 0 and 255 are half a step off


def test_an_outline_moves_to_where_the_picture_changes():
    plane, picture = scene(3)
    truth = np.zeros(plane.shape, bool)
    truth[6:14, 8:20] = True

    def wrong(each):
        return np.count_nonzero((each >= 128) != truth)

    assert wrong(Crf(10, appearance=4, appearance_distance=6).refine(plane, picture)) < wrong(plane) / 3


def test_the_opposite_map_gives_the_opposite_result():
    plane, picture = scene(4)
    one, other = (Crf(4).refine(each, picture).astype(int) for each in (plane, 255 - plane))
    assert np.abs(one + other - 255).max() <= 1


def test_a_picture_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="it must be"):
        Crf().refine(np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same():
    plane, picture = scene(5)
    one, other = (Crf().refine(plane, picture, device).astype(int) for device in ("cpu", "cuda"))
    assert np.abs(one - other).max() <= 1
