"""The CRF's filters: against sums over every pair of pixels."""

import numpy as np
import pytest
import torch

from severstal.decision.refine.filters import BilateralFilter, GaussianFilter, blur, gaussian_kernel

CPU = torch.device("cpu")


def mean_of_all(values, weights):
    """(H, W) weighted means, with the (H W, H W) weights of every pair."""
    return (weights @ values.ravel() / weights.sum(axis=1)).reshape(values.shape)


def squares(values):
    """(n, n) squared differences."""
    return np.square(np.subtract.outer(values.ravel().astype(float), values.ravel().astype(float)))


def places(shape):
    return squares(np.mgrid[: shape[0], : shape[1]][0]) + squares(np.mgrid[: shape[0], : shape[1]][1])


@pytest.mark.parametrize("deviation", [0.7, 1.0, 3.0])
def test_near_means_are_those_over_all_pairs(deviation):
    values = np.random.default_rng(0).normal(size=(9, 14)).astype(np.float32)
    found = GaussianFilter(values.shape, deviation, CPU)(torch.from_numpy(values)).numpy()
    weights = np.exp(-places(values.shape) / 2 / deviation**2)
    assert np.abs(found - mean_of_all(values, weights)).max() < 2e-3  # what lies beyond four deviations


@pytest.mark.parametrize(("distance", "brightness"), [(2.0, 10.0), (5.0, 30.0), (20.0, 10.0)])
def test_the_bilateral_filter_is_near_the_sum_over_all_pairs(distance, brightness):
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (12, 17), np.uint8)
    picture[:, 9:] //= 4
    values = rng.uniform(-1, 1, picture.shape).astype(np.float32)
    found = BilateralFilter(picture, distance, brightness, CPU)(torch.from_numpy(values)).numpy()
    weights = np.exp(-places(picture.shape) / 2 / distance**2 - squares(picture) / 2 / brightness**2)
    apart = np.abs(found - mean_of_all(values, weights))
    assert apart.max() < 0.1
    assert apart.mean() < 0.02


def test_a_mean_of_ones_is_one():
    picture = np.random.default_rng(2).integers(0, 256, (8, 8), np.uint8)
    ones = torch.ones(8, 8)
    for mean in (BilateralFilter(picture, 3, 10, CPU), GaussianFilter((8, 8), 3, CPU)):
        torch.testing.assert_close(mean(ones), ones)


def test_a_picture_of_one_grey_is_a_grid_of_one_level():
    values = torch.from_numpy(np.random.default_rng(3).normal(size=(20, 20)).astype(np.float32))
    bilateral = BilateralFilter(np.full((20, 20), 7, np.uint8), 4, 10, CPU)(values)
    gaussian = GaussianFilter((20, 20), 4, CPU)(values)
    assert (bilateral - gaussian).abs().max() < 0.03


def test_blurs_along_one_axis_as_numpy_convolves():
    values = np.random.default_rng(4).normal(size=(5, 6, 7)).astype(np.float32)
    kernel = gaussian_kernel(1.0, CPU)
    for axis in range(3):
        wanted = np.apply_along_axis(
            lambda row: np.convolve(row, kernel.numpy())[4 : 4 + len(row)], axis, values
        )
        np.testing.assert_allclose(blur(torch.from_numpy(values), kernel, axis), wanted, atol=1e-5)
