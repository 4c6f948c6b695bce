"""The parts of the graph against what they stand for: shrinking bit for bit, sizes as Python rounds them."""

import numpy as np
import pytest
import torch

from severstal.data.arrays import shrink
from severstal.deploy.onnx.graph import _scaled, _shrunk


@pytest.mark.parametrize("size", [(64, 96), (37, 120), (200, 65), (49, 37), (1, 1)])
@pytest.mark.parametrize("scale", [1, 2, 3, 4, 5, 8])
def test_shrinking_is_opencvs_to_the_bit(size: tuple[int, int], scale: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        picture = rng.integers(0, 256, size, np.uint8)
        ours = _shrunk(torch.from_numpy(picture)[None], scale)[0, 0].numpy()
        assert (ours == shrink(picture, scale)).all()


@pytest.mark.parametrize("scale", [0.25, 0.5, 0.75, 1.25, 1.5, 4.0])
def test_scaled_sides_are_rounded_as_python_does(scale: float) -> None:
    sides = range(1, 300)
    assert [int(_scaled(side, scale)) for side in sides] == [max(1, round(side * scale)) for side in sides]
