"""The mean of a window around each pixel, on any device, in the same time for a window of any size."""

import torch
from torch import Tensor
from torch.nn import functional


def window_mean(values: Tensor, side: int) -> Tensor:
    """Give the mean of the square around each pixel, of that part of it which is in the picture.

    Differences of running sums, along the rows and then along the columns.

    Args:
        values: (N, channels, H, W), floating.
        side: of the square, from 1; an even one counts as the next odd one.

    Returns:
        As large, of the same type.

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
