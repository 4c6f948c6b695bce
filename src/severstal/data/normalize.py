"""Grey values as networks expect them: centred and scaled by the data set, or by what is around a pixel."""

import torch
from torch import Tensor
from torch.nn import functional

from severstal.recipe import DataSettings

FLOOR = 0.1  # of `data.std`: below it a window is flat, and its noise is not made larger than this allows


def normalize(grey: Tensor, settings: DataSettings) -> Tensor:
    """Centre and scale grey values, on the device where they are.

    By `data.mean` and `data.std`; or, with `data.local_contrast`, by the mean and the standard deviation of
    the window around each pixel (Jarrett 2009, section 2.1, with equal weights in place of a Gaussian's):
    what is left is how much a pixel stands out, whatever the light and the roll of steel. At the border the
    window ends with the picture.

    Args:
        grey: (N, 1, h, w) float, 0 to 1.
        settings: `mean`, `std` and `local_contrast`.

    Returns:
        As large, float.

    Example:
        >>> dark, bright = torch.rand(1, 1, 40, 60) / 10, torch.rand(1, 1, 40, 60) / 10 + 0.9
        >>> settings = DataSettings(local_contrast=9)
        >>> all(normalize(grey, settings).abs().mean() < 1 for grey in (dark, bright))
        True
    """
    centred = (grey - settings.mean) / settings.std
    if not settings.local_contrast:
        return centred
    mean = _window_mean(centred, settings.local_contrast)
    variance = _window_mean(centred * centred, settings.local_contrast) - mean * mean
    return (centred - mean) / (variance.clamp_min(0).sqrt() + FLOOR)


def _window_mean(values: Tensor, side: int) -> Tensor:
    """The mean of the window around each pixel, in the same time for any side."""
    for axis in (3, 2):
        values = _mean_along(values, side // 2, axis)
    return values


def _mean_along(values: Tensor, reach: int, axis: int) -> Tensor:
    length = values.shape[axis]
    sums = functional.pad(values.double().cumsum(axis), (1, 0) if axis == 3 else (0, 0, 1, 0))
    place = torch.arange(length, device=values.device)
    first, last = (place - reach).clamp_min(0), (place + reach + 1).clamp_max(length)
    count = (last - first).view(-1, *(1,) * (3 - axis))
    return ((sums.index_select(axis, last) - sums.index_select(axis, first)) / count).to(values.dtype)
