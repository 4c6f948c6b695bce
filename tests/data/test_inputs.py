"""The input of a network is the picture: averaged, as floats, normalised."""

import numpy as np
import pytest
import torch

from severstal.data.inputs import to_inputs
from severstal.recipe import DataSettings


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_grey_values_are_averaged_rounded_and_normalised(scale: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 24, 36)).astype(np.uint8)
    found = to_inputs(pictures, DataSettings(scale=scale, mean=0.3, std=0.2), "cpu")
    means = pictures.reshape(3, 24 // scale, scale, 36 // scale, scale).mean((2, 4))
    assert found.dtype == torch.float32
    assert found.shape == (3, 1, 24 // scale, 36 // scale)
    rounding = 0.51 / 255 / 0.2 if scale > 1 else 1e-6  # shrunk pictures are bytes, too
    np.testing.assert_allclose(found[:, 0], (means / 255 - 0.3) / 0.2, atol=rounding)


def test_odd_sizes_are_rounded_up() -> None:
    assert to_inputs(np.zeros((3, 7, 9), np.uint8), DataSettings(scale=2), "cpu").shape == (3, 1, 4, 5)
