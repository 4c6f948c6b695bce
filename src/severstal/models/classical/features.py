"""What the classical methods see of a pixel: four numbers of the grey values around it."""

import torch
from torch import Tensor

from severstal.windows import window_mean

# Lowest and highest value that the counts tell apart, in units of normalised grey.
RANGES = {
    "grey": (-2.0, 4.0),  # with the usual mean and deviation black is -1.9, white 3.6
    "contrast": (-3.0, 3.0),
    "tone": (-2.0, 2.0),
    "roughness": (0.0, 2.0),
}
GREY_VALUE, CONTRAST, TONE, ROUGHNESS = range(len(RANGES))
_BRIGHTEST = 8.0  # normalised grey is cut to plus and minus this before its squares are taken


def pixel_features(pictures: Tensor, window: int, surround: int) -> Tensor:
    """Measure each pixel: its grey, and what is around it.

    Args:
        pictures: (N, channels, H, W), normalised grey; channels are averaged.
        window: width of the square in which noise is averaged and roughness taken, odd.
        surround: width of the square whose mean is the steel's own brightness, odd; it evens out lamps.

    Returns:
        (N, 4, H, W) float32, in the order of `RANGES`: grey; contrast, grey less the mean of the surround;
        tone, the mean of the window less that of the surround; roughness, the standard deviation in the
        window. Squares are cut at the picture's edge.

    Example:
        >>> step = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]).expand(1, 1, 3, 6)
        >>> pixel_features(step, window=1, surround=3)[0, 1, 1]
        tensor([ 0.0000,  0.0000, -0.3333,  0.3333,  0.0000,  0.0000])
    """
    grey = pictures.float().mean(1, keepdim=True).clamp(-_BRIGHTEST, _BRIGHTEST)  # (N, 1, H, W)
    steel = window_mean(grey, surround)
    contrast = grey - steel
    tone = window_mean(contrast, window)
    variance = window_mean(contrast.square(), window) - tone.square()
    tone = window_mean(grey, window) - steel
    return torch.cat([grey, contrast, tone, variance.clamp(min=0).sqrt()], dim=1)  # (N, 4, H, W)


def to_bins(features: Tensor, feature: int, count: int) -> Tensor:
    """Number the interval in which each value lies, of `count` equal ones in the feature's range.

    Args:
        features: (N, 4, ...), as of `pixel_features`.
        feature: which.
        count: of intervals; what is out of range falls into the outermost.

    Returns:
        (N, ...) int64, 0 to count - 1.

    Example:
        >>> to_bins(torch.tensor([[0.0, 0.0, 0.0, 1.1], [0.0, 0.0, 0.0, 9.0]]), ROUGHNESS, 4)
        tensor([2, 3])
    """
    low, high = list(RANGES.values())[feature]
    share = (features[:, feature] - low) * (count / (high - low))
    return share.clamp_(0, count - 1).long()  # what is not below 0 is cut off as by floor
