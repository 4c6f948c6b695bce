"""Thresholding: a limit on one feature per class."""

from typing import NamedTuple

import torch
from torch import Tensor

from severstal.models.classical.counts import FINE_BINS, Counts
from severstal.models.classical.features import to_bins


class Limits(NamedTuple):
    """The threshold of each class; each attribute has shape (C,).

    Attributes:
        feature: index of the feature that is thresholded, int64, in the order of `features.RANGES`.
        above: whether the class is at or above the limit; otherwise it is below.
        limit: index of the first bin above the limit, 1 to bins - 1, int64.
        dice: Dice on the counted pixels, 0 to 1.
    """

    feature: Tensor
    above: Tensor
    limit: Tensor
    dice: Tensor


def best_limits(counts: Tensor) -> Limits:
    """Find the feature, side and limit that give the highest pixel Dice, of all there are.

    Otsu's threshold (1979, A Threshold Selection Method from Gray-Level Histograms) is unsupervised and
    maximizes the variance between classes; here the classes are labelled, and the competition's Dice is
    maximized instead. Of equal ones the first is taken.

    Args:
        counts: (1 + C, features, intervals), as `Counts.fine`.

    Example:
        >>> counts = torch.tensor([[[9.0, 9.0, 4.0, 1.0]], [[0.0, 1.0, 3.0, 1.0]]])
        >>> best = best_limits(counts)
        >>> best.above.item(), best.limit.item(), round(best.dice.item(), 3)
        (True, 2, 0.8)
    """
    total = counts.sum(2, keepdim=True)  # (1 + C, features, 1)
    below = counts.cumsum(2)[:, :, :-1]  # limit 1 and on
    sides = torch.stack([below, total - below], dim=2)  # (1 + C, features, 2, limits)
    dice = 2 * sides[1:] / (sides[:1] + total[1:, :, None]).clamp(min=torch.finfo(counts.dtype).tiny)
    highest, best = dice.flatten(1).max(1)  # (C,)
    limits = dice.shape[3]
    return Limits(
        feature=best // (2 * limits),
        above=best // limits % 2 == 1,
        limit=best % limits + 1,
        dice=highest,
    )


def monotone_shares(counts: Tensor, best: Limits) -> Tensor:
    """Share of each class in each bin of its feature, made monotone towards its side of the limit.

    By scikit-learn's isotonic regression: a threshold on these shares is one on the feature, and half the
    highest Dice is that of the best limit.

    Args:
        counts: (1 + C, features, intervals).
        best: the limits of these counts.

    Returns:
        (C, intervals) float32, 0 to 1.

    Example:
        >>> counts = torch.tensor([[[9.0, 9.0, 4.0, 4.0]], [[0.0, 0.0, 4.0, 2.0]]])
        >>> monotone_shares(counts, best_limits(counts))
        tensor([[0.0000, 0.0000, 0.7500, 0.7500]])
    """
    from sklearn.isotonic import isotonic_regression  # here, for it takes a second to import

    shares = []
    for number, (feature, above) in enumerate(zip(best.feature.tolist(), best.above.tolist(), strict=True)):
        of_class, pixels = counts[1 + number, feature].cpu().numpy(), counts[0, feature].cpu().numpy()
        share = isotonic_regression(of_class / pixels, sample_weight=pixels, increasing=above)
        shares.append(torch.from_numpy(share.copy()))  # its stride may be negative
    return torch.stack(shares).to(counts.device, torch.float32)


def thresholding(features: Tensor, counts: Counts) -> Tensor:
    """Map pixels by the best feature of each class, so that a threshold on the map is a limit on the feature.

    Args:
        features: (N, 4, H, W).
        counts: fitted.

    Returns:
        (N, C, H, W) float32: the share of the class among pixels with that feature, as `monotone_shares`.

    Example:
        >>> thresholding(torch.zeros(1, 4, 5, 7), Counts(classes=2)).shape
        torch.Size([1, 2, 5, 7])
    """
    best = best_limits(counts.fine)
    shares = monotone_shares(counts.fine, best)
    maps = [
        share[to_bins(features, feature, FINE_BINS)]
        for share, feature in zip(shares, best.feature.tolist(), strict=True)
    ]
    return torch.stack(maps, dim=1)  # (N, C, H, W)
