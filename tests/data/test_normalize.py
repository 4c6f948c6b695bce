"""Grey values against the data set's mean, and against the window around each pixel."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from severstal.data.normalize import FLOOR, normalize
from severstal.recipe import DataSettings


def windows(grey: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the window around each pixel, cut at the border, by brute force."""
    reach, shape = side // 2, grey.shape
    mean, deviation = np.empty(shape), np.empty(shape)
    for row, column in np.ndindex(shape):
        part = grey[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
        mean[row, column], deviation[row, column] = part.mean(), part.std()
    return mean, deviation


@pytest.mark.parametrize("side", [3, 8, 9, 31, 101])
def test_each_pixel_against_its_window(side: int) -> None:
    grey = torch.rand(2, 1, 13, 22, generator=torch.Generator().manual_seed(side))
    settings = DataSettings(mean=0.4, std=0.2, local_contrast=side)
    found = normalize(grey, settings)
    for picture, result in zip(((grey - 0.4) / 0.2)[:, 0].double().numpy(), found[:, 0], strict=True):
        mean, deviation = windows(picture, side // 2 * 2 + 1)
        np.testing.assert_allclose(result, (picture - mean) / (deviation + FLOOR), atol=2e-4)


def test_inside_it_is_scipys_filter() -> None:
    grey = torch.rand(1, 1, 40, 300, generator=torch.Generator().manual_seed(0))
    found = normalize(grey, DataSettings(mean=0.0, std=1.0, local_contrast=15))[0, 0].numpy()
    values = grey[0, 0].double().numpy()
    mean = ndimage.uniform_filter(values, 15)
    deviation = np.sqrt(ndimage.uniform_filter(values**2, 15) - mean**2)
    inside = (slice(7, -7), slice(7, -7))
    np.testing.assert_allclose(found[inside], ((values - mean) / (deviation + FLOOR))[inside], atol=1e-4)


def test_light_does_not_matter_and_black_stays_finite() -> None:
    grey = torch.rand(1, 1, 32, 64, generator=torch.Generator().manual_seed(0)) / 4
    settings = DataSettings(local_contrast=33)
    plain = normalize(grey, settings)
    torch.testing.assert_close(normalize(grey + 0.5, settings), plain, atol=1e-3, rtol=1e-3)
    brighter = normalize(2 * grey, settings)
    assert torch.corrcoef(torch.stack([plain.flatten(), brighter.flatten()]))[0, 1] > 0.999
    assert normalize(torch.zeros(1, 1, 5, 7), settings).abs().max() == 0


def test_off_it_is_mean_and_deviation_of_the_data_set() -> None:
    grey = torch.tensor([[[[0.0, 1.0]]]])
    assert normalize(grey, DataSettings(mean=0.5, std=0.25)).tolist() == [[[[-2.0, 2.0]]]]


def test_each_colour_has_its_own_mean_and_deviation() -> None:
    pixels = torch.rand(2, 3, 5, 7)
    settings = DataSettings(mean=(0.2, 0.4, 0.6), std=(0.1, 0.2, 0.3))
    found = normalize(pixels, settings)
    for index in range(3):
        expected = (pixels[:, index] - settings.mean[index]) / settings.std[index]
        assert torch.allclose(found[:, index], expected)
    assert torch.equal(normalize(pixels, DataSettings(mean=0.5)), (pixels - 0.5) / 0.18)
