"""Normalisation of pixel values: by the data set's mean and standard deviation, or by local contrast."""

from torch import Tensor

from severstal.recipe import DataSettings
from severstal.windows import window_mean

FLOOR = 0.1  # of `data.std`: below it a window is flat, and its noise is not made larger than this allows


def normalize(pixels: Tensor, settings: DataSettings) -> Tensor:
    """Centre and scale pixel values, on the device where they are.

    By `data.mean` and `data.std`; or, with `data.local_contrast`, by the mean and the standard deviation of
    the window around each pixel (Jarrett 2009, section 2.1, with equal weights in place of a Gaussian's):
    what is left is how much a pixel stands out, whatever the light and the roll of steel. At the border the
    window ends with the picture.

    Args:
        pixels: (N, 1, h, w) float, 0 to 1; (N, 3, h, w) of colours, each by its own mean and deviation.
        settings: `mean`, `std` and `local_contrast`.

    Returns:
        As large, float.

    Example:
        >>> import torch
        >>> dark, bright = torch.rand(1, 1, 40, 60) / 10, torch.rand(1, 1, 40, 60) / 10 + 0.9
        >>> settings = DataSettings(local_contrast=9)
        >>> all(normalize(pixels, settings).abs().mean() < 1 for pixels in (dark, bright))
        True
    """
    centred = (pixels - _by_channel(settings.mean, pixels)) / _by_channel(settings.std, pixels)
    if not settings.local_contrast:
        return centred
    mean = window_mean(centred, settings.local_contrast)
    variance = window_mean(centred * centred, settings.local_contrast) - mean * mean
    return (centred - mean) / (variance.clamp_min(0).sqrt() + FLOOR)


def _by_channel(value: float | tuple[float, ...], pixels: Tensor) -> float | Tensor:
    return pixels.new_tensor(value)[:, None, None] if isinstance(value, tuple) else value
