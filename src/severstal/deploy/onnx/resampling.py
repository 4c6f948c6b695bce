"""Resampling with operations that ONNX has, for pictures of any size: a few gathers along each axis.

ONNX has no pooling whose output size depends on the picture, and its antialiased interpolation is not that of
torch. Each output pixel is a weighted sum of a few neighbouring input pixels, so that a gather per neighbour
computes any of these filters exactly.
"""

from collections.abc import Callable
from math import ceil

import torch
from torch import Tensor

Filter = Callable[[int, int], tuple[Tensor, Tensor]]
"""From an input and an output length to the first input place of each output pixel, (target,) int64, and the
weights of it and its right neighbours, (target, taps) float32."""


def resample(values: Tensor, shape: tuple[int, int], filters: tuple[Filter, Filter]) -> Tensor:
    """Resample the last two axes, the columns first and from left to right, as OpenCV sums them.

    Args:
        values: (..., H, W) float32.
        shape: height and width of the result.
        filters: one for the rows, one for the columns.

    Returns:
        (..., height, width) float32.

    Example:
        >>> resample(torch.tensor([[[1.0, 3.0, 5.0, 7.0]]]), (1, 2), (pooling(1), pooling(2)))
        tensor([[[2., 6.]]])
    """
    for axis, target, choose in ((-1, shape[1], filters[1]), (-2, shape[0], filters[0])):
        length = values.shape[axis]
        first, weights = choose(length, target)
        total = None
        for tap in range(weights.shape[1]):
            weight = weights[:, tap] if axis == -1 else weights[:, tap][:, None]
            part = values.index_select(axis, (first + tap).clamp_max(length - 1)) * weight
            total = part if total is None else total + part
        values = total
    return values


def pooling(ratio: int) -> Filter:
    """The cells of adaptive average pooling, as `functional.interpolate(mode="area")` has them.

    Args:
        ratio: input length over output length, where the output length is rounded up.

    Example:
        >>> pooling(2)(5, 3)[0]
        tensor([0, 1, 3])
    """

    def choose(length: int, target: int) -> tuple[Tensor, Tensor]:
        place = torch.arange(target)
        first = place * length // target
        last = ((place + 1) * length + target - 1) // target  # exclusive
        count = last - first
        inside = torch.arange(ratio + 1)[None] < count[:, None]
        return first, inside.float() / count[:, None].float()

    return choose


def area_shares(ratio: int) -> Filter:
    """The share of each input pixel in an output pixel, as OpenCV's `INTER_AREA` weights them.

    Args:
        ratio: input length over output length, where the output length is rounded up.

    Example:
        >>> area_shares(2)(4, 2)[1]
        tensor([[0.5000, 0.5000, 0.0000],
                [0.5000, 0.5000, 0.0000]])
    """

    def choose(length: int, target: int) -> tuple[Tensor, Tensor]:
        place = torch.arange(target)
        first = place * length // target
        # In units of 1 / target of an input pixel, which are whole numbers.
        begin, end = place * length, (place + 1) * length
        left = (first[:, None] + torch.arange(ratio + 1)[None]) * target
        overlap = torch.minimum(left + target, end[:, None]) - torch.maximum(left, begin[:, None])
        return first, overlap.clamp_min(0).float() / (end - begin)[:, None].float()

    return choose


def triangle(ratio: float) -> Filter:
    """The filter of `functional.interpolate(mode="bilinear", antialias=True)`.

    Args:
        ratio: input length over output length; lengths that were rounded may differ from it by a little.

    Example:
        >>> triangle(2.0)(4, 2)[1][0]
        tensor([0.4286, 0.4286, 0.1429, 0.0000, 0.0000, 0.0000, 0.0000])
    """
    taps = 2 * ceil(max(ratio, 1.0)) + 3

    def choose(length: int, target: int) -> tuple[Tensor, Tensor]:
        places = torch.arange(target)
        scale = torch.ones_like(places) * length / (torch.ones_like(places) * target)  # (target,) float32
        support = scale.clamp_min(1)
        centre = (places.float() + 0.5) * scale
        first = (centre - support).floor().clamp_min(0).long()
        position = first[:, None] + torch.arange(taps)[None]  # (target, taps)
        weights = (1 - (position.float() + 0.5 - centre[:, None]).abs() / support[:, None]).clamp_min(0)
        weights = weights * (position < length)
        return first, weights / weights.sum(1, keepdim=True)

    return choose
