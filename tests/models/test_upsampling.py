import pytest
import torch
from torch.nn import functional

from severstal.models.upsampling import LearnedUpsampling


@pytest.mark.parametrize("stride", [2, 4, 8, 16, 32])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 4)])
def test_begins_as_bilinear_interpolation_edges_included(stride, size):
    logits = torch.randn(2, 3, *size)
    smooth = functional.interpolate(logits, scale_factor=stride, mode="bilinear")
    torch.testing.assert_close(LearnedUpsampling(3, stride)(logits), smooth, atol=1e-5, rtol=1e-5)


def test_channels_begin_apart():
    logits = torch.zeros(1, 2, 3, 3)
    logits[:, 0] = 1
    enlarged = LearnedUpsampling(2, stride=2)(logits)
    assert (enlarged[:, 1] == 0).all()
    torch.testing.assert_close(enlarged[:, 0], torch.ones(1, 6, 6))


def test_is_learned():
    layer = LearnedUpsampling(2, stride=2)
    layer(torch.randn(1, 2, 3, 3)).square().sum().backward()
    assert layer.weight.grad.abs().sum() > 0


def test_an_odd_stride_has_no_middle():
    with pytest.raises(ValueError, match="stride is 3: give an even number"):
        LearnedUpsampling(1, stride=3)
