"""Learned up-sampling, initialized as bilinear interpolation."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class LearnedUpsampling(nn.ConvTranspose2d):
    """A transposed convolution that is initialized as bilinear interpolation (Long 2015, section 3.3).

    Its kernel is 2 s wide, w(i) w(j) on the diagonal of the channels with w(i) = 1 - |i - s + 1/2| / s, and 0
    off it. The picture is padded by repeating one pixel on each side, which makes it equal to interpolation
    at the edges too.

    Args:
        channels: channels of input and output.
        stride: factor of height and width; even.

    Example:
        >>> logits = torch.randn(1, 2, 3, 5)
        >>> smooth = functional.interpolate(logits, scale_factor=4, mode="bilinear")
        >>> torch.allclose(LearnedUpsampling(2, stride=4)(logits), smooth, atol=1e-6)
        True
    """

    def __init__(self, channels: int, stride: int) -> None:
        if stride % 2:
            raise ValueError(f"stride is {stride}: give an even number")
        super().__init__(channels, channels, 2 * stride, stride, padding=stride + stride // 2, bias=False)
        weights = 1 - (torch.arange(2 * stride) - stride + 0.5).abs() / stride
        with torch.no_grad():
            self.weight.copy_(torch.eye(channels)[:, :, None, None] * weights[:, None] * weights)

    def forward(self, logits: Tensor) -> Tensor:
        """Enlarge (N, channels, h, w) to (N, channels, stride h, stride w)."""
        return super().forward(functional.pad(logits, (1, 1, 1, 1), mode="replicate"))
