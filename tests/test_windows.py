"""The window's mean against a brute force and against scipy's filter."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from severstal.windows import window_mean


@pytest.mark.parametrize("side", [1, 2, 3, 9, 40])
def test_it_is_the_mean_of_what_is_in_the_picture(side: int) -> None:
    values = torch.rand(2, 3, 7, 12, generator=torch.Generator().manual_seed(side))
    found, reach = window_mean(values, side), side // 2
    assert found.dtype == values.dtype
    for row, column in np.ndindex(7, 12):
        part = values[
            :, :, max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1
        ]
        torch.testing.assert_close(found[:, :, row, column], part.mean((2, 3)))


def test_inside_it_is_scipys() -> None:
    values = torch.rand(1, 1, 30, 50, dtype=torch.float64)
    expected = ndimage.uniform_filter(values[0, 0].numpy(), 7)
    np.testing.assert_allclose(window_mean(values, 7)[0, 0, 3:-3, 3:-3], expected[3:-3, 3:-3], atol=1e-12)
