"""The mean over a window around each pixel, on any device, in time independent of the window's size."""

import torch
from torch import Tensor
from torch.nn import functional


def window_mean(values: Tensor, side: int) -> Tensor:
    """Compute the mean of the square window around each pixel; at the border, of its part in the picture.

    By differences of cumulative sums, along the rows and then along the columns.

    Args:
        values: (N, channels, H, W), floating point.
        side: side of the window in pixels, at least 1; an even side counts as the next odd one.

    Returns:
        Of the same shape and type.

    Example:
        >>> window_mean(torch.tensor([[[[0.0, 3.0, 6.0, 6.0]]]]), 3)
        tensor([[[[1.5000, 3.0000, 5.0000, 6.0000]]]])
    """
    means = values.double()  # float32 would lose the digits that a difference of sums leaves
    for axis in (3, 2):
        means = _mean_along(means, side // 2, axis)
    return means.to(values.dtype)


def _mean_along(values: Tensor, reach: int, axis: int) -> Tensor:
    length = values.shape[axis]
    sums = functional.pad(values.cumsum(axis), (1, 0) if axis == 3 else (0, 0, 1, 0))
    place = torch.arange(length, device=values.device)
    first, last = (place - reach).clamp_min(0), (place + reach + 1).clamp_max(length)
    count = (last - first).view(-1, *(1,) * (3 - axis))
    return (sums.index_select(axis, last) - sums.index_select(axis, first)) / count
