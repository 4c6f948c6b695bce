"""The features of a pixel that the classical methods use: four values of its neighbourhood."""

import torch
from torch import Tensor

from severstal.windows import window_mean

# Range of the bins, in units of normalised grey.
RANGES = {
    "grey": (-2.0, 4.0),  # with the usual mean and deviation black is -1.9, white 3.6
    "contrast": (-3.0, 3.0),
    "tone": (-2.0, 2.0),
    "roughness": (0.0, 2.0),
}
GREY_VALUE, CONTRAST, TONE, ROUGHNESS = range(len(RANGES))
_BRIGHTEST = 8.0  # normalised grey is clipped to plus and minus this before it is squared


def pixel_features(pictures: Tensor, window: int, surround: int) -> Tensor:
    """Compute the features of each pixel.

    Args:
        pictures: (N, channels, H, W), normalised grey; channels are averaged.
        window: width of the square over which tone and roughness are computed, odd.
        surround: width of the square whose mean is the background's brightness, odd; it removes uneven
            lighting.

    Returns:
        (N, 4, H, W) float32, in the order of `RANGES`: grey; contrast, grey less the mean of the surround;
        tone, the mean of the window less that of the surround; roughness, the standard deviation in the
        window. Squares are cropped at the picture's border.

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
    """Return the index of each value's bin, among `count` equal bins over the feature's range.

    Args:
        features: pixel features, (N, 4, ...), from `pixel_features`.
        feature: index of the feature, 0 to 3.
        count: number of bins; values out of range fall into the first or the last.

    Returns:
        (N, ...) int64, 0 to count - 1.

    Example:
        >>> to_bins(torch.tensor([[0.0, 0.0, 0.0, 1.1], [0.0, 0.0, 0.0, 9.0]]), ROUGHNESS, 4)
        tensor([2, 3])
    """
    low, high = list(RANGES.values())[feature]
    share = (features[:, feature] - low) * (count / (high - low))
    return share.clamp_(0, count - 1).long()  # for values from 0 on this is floor
