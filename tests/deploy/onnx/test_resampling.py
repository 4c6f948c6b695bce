"""Each filter against the function of torch or OpenCV that it stands for, over a grid of sizes."""

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional

from severstal.data.arrays import shrink
from severstal.deploy.onnx.resampling import area_shares, pooling, resample, triangle

SIZES = [(8, 12), (9, 13), (1, 1), (2, 31), (33, 17)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ratio", [1, 2, 3, 8])
def test_pooling_is_torchs_area(size: tuple[int, int], ratio: int) -> None:
    values = torch.rand(2, 3, *size)
    shape = tuple(-(-side // ratio) for side in size)
    theirs = functional.interpolate(values, shape, mode="area")
    assert torch.allclose(resample(values, shape, (pooling(ratio),) * 2), theirs, atol=1e-6)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ratio", [2, 3, 5])
def test_area_is_opencvs(size: tuple[int, int], ratio: int) -> None:
    values = np.random.default_rng(0).random(size).astype(np.float32)
    theirs = torch.from_numpy(shrink(values, ratio))
    ours = resample(torch.from_numpy(values)[None], tuple(theirs.shape), (area_shares(ratio),) * 2)[0]
    assert torch.allclose(ours, theirs, atol=1e-6)
    assert cv2.INTER_AREA  # what `shrink` calls


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.25, 2.0])
def test_triangle_is_torchs_antialiased_interpolation(scale: float) -> None:
    values = torch.rand(1, 2, 21, 34)
    shape = tuple(max(1, round(side * scale)) for side in (21, 34))
    theirs = functional.interpolate(values, shape, mode="bilinear", antialias=True)
    assert torch.allclose(resample(values, shape, (triangle(1 / scale),) * 2), theirs, atol=1e-5)
    back = functional.interpolate(theirs, (21, 34), mode="bilinear", antialias=True)
    assert torch.allclose(resample(theirs, (21, 34), (triangle(scale),) * 2), back, atol=1e-5)
