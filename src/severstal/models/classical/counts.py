"""Counts of the pixels of training crops per class, and the probabilities that follow from them."""

import math

import torch
from torch import Tensor, nn

from severstal.models.classical.features import (
    GREY_VALUE,
    RANGES,
    ROUGHNESS,
    TONE,
    to_bins,
)
from severstal.models.smp_networks import PRIOR

FINE_BINS = 256  # bins of each feature by itself
COARSE_BINS = 20  # bins of each of the three features that are counted jointly
JOINT = (GREY_VALUE, TONE, ROUGHNESS)
_LEVELS = 24  # bins of the expected share of a class in a picture
_SMALLEST_SHARE = 1e-5  # expected shares below this fall into the first bin
PRIOR_COUNT = 0.1  # pixels in each bin before any is counted


class Counts(nn.Module):
    """Counts of pixels and pictures, of all and of each class.

    Only ratios of two counts are used, so that a moving average of them, or a mean over processes, changes
    only the weights of early and late crops. They start with a tenth of a pixel in every bin, of which a
    random share around `PRIOR` is of each class.

    Args:
        classes: C.

    Attributes:
        fine: (1 + C, 4, FINE) float64, pixels by each feature; row 0 is of all, row c of class c.
        coarse: (1 + C, COARSE ** 3) float64, pixels by grey, tone and roughness jointly.
        pictures: (2, C, LEVELS) float64, pictures by the expected share of a class: all, and those with it.

    Example:
        >>> counts = Counts(classes=1)
        >>> dark, truth = torch.full((1, 4, 8, 8), -0.5), torch.ones(1, 1, 8, 8)
        >>> counts.add(dark, truth, counts.evidence(dark))
        >>> counts.evidence(dark).min() > 0.99
        tensor(True)
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer(
            "fine",
            _beginning(classes, len(RANGES) * FINE_BINS).view(-1, len(RANGES), FINE_BINS),
        )
        self.register_buffer("coarse", _beginning(classes, COARSE_BINS ** len(JOINT)))
        pictures = [_beginning(1, _LEVELS) for _ in range(classes)]
        self.register_buffer("pictures", torch.stack(pictures, dim=1))

    @torch.no_grad()
    def add(self, features: Tensor, truth: Tensor, evidence: Tensor) -> None:
        """Count the pixels and pictures of a batch.

        Args:
            features: (N, 4, H, W), as of `pixel_features`.
            truth: (N, C, H, W), nonzero where a pixel is of a class.
            evidence: (N, C, H, W), of the same features, before they are counted.
        """
        truth = truth.bool()
        fine = torch.stack(
            [
                number * FINE_BINS + to_bins(features, number, FINE_BINS).flatten()
                for number in range(len(RANGES))
            ]
        )  # (4, pixels)
        coarse = self._together(features).flatten()
        self._add_pixels(0, fine, coarse)
        for number, of_class in enumerate(truth.transpose(0, 1).flatten(1)):
            pixels = of_class.nonzero()[:, 0]  # mostly few
            self._add_pixels(1 + number, fine[:, pixels], coarse[pixels])
        levels, present = self._levels(evidence), truth.flatten(2).any(2)
        for number, level in enumerate(levels.T):
            self.pictures[0, number] += torch.bincount(level, minlength=_LEVELS)
            self.pictures[1, number] += torch.bincount(level[present[:, number]], minlength=_LEVELS)

    def _add_pixels(self, row: int, fine: Tensor, coarse: Tensor) -> None:
        self.fine[row] += torch.bincount(fine.flatten(), minlength=self.fine[0].numel()).view(-1, FINE_BINS)
        self.coarse[row] += torch.bincount(coarse, minlength=self.coarse.shape[1])

    def evidence(self, features: Tensor) -> Tensor:
        """Share of each class among the pixels with the same grey, tone and roughness.

        Args:
            features: (N, 4, H, W).

        Returns:
            (N, C, H, W) float32, 0 to 1.
        """
        shares = (self.coarse[1:] / self.coarse[:1]).float()  # (C, bins)
        return shares.T.contiguous()[self._together(features)].movedim(-1, 1)

    def present(self, evidence: Tensor) -> Tensor:
        """Share of the pictures with a class among those in which as much of it was expected.

        Args:
            evidence: (N, C, H, W), as of `evidence`; its mean is the expected share of the picture.

        Returns:
            (N, C) float32, 0 to 1. Training crops are smaller than the pictures at inference and sampled to
            hold more defects, as for any class head.
        """
        levels = self._levels(evidence)
        shares = (self.pictures[1] / self.pictures[0]).float()  # (C, LEVELS)
        return shares.gather(1, levels.T).T

    def centres(self) -> Tensor:
        """Centre of each bin of `coarse`: (COARSE ** 3, 3) float32, grey, tone and roughness."""
        steps = (torch.arange(COARSE_BINS, device=self.coarse.device) + 0.5) / COARSE_BINS
        ranges = [list(RANGES.values())[feature] for feature in JOINT]
        return torch.cartesian_prod(*(low + (high - low) * steps for low, high in ranges))

    def _together(self, features: Tensor) -> Tensor:
        """Bin of each pixel in `coarse`, (N, H, W)."""
        number = torch.zeros_like(features[:, 0], dtype=torch.long)
        for feature in JOINT:
            number = number * COARSE_BINS + to_bins(features, feature, COARSE_BINS)
        return number

    def _levels(self, evidence: Tensor) -> Tensor:
        """Bin of each picture in `pictures`, of equal width in logarithms, (N, C)."""
        expected = evidence.mean((2, 3)).clamp(_SMALLEST_SHARE, 1.0)
        least = math.log10(_SMALLEST_SHARE)
        return (_LEVELS * (1 - expected.log10() / least)).floor().clamp(0, _LEVELS - 1).long()


def _beginning(classes: int, intervals: int) -> Tensor:
    """The initial counts, (1 + classes, intervals): of all pixels, and random shares of them per class."""
    every = torch.full((1, intervals), PRIOR_COUNT, dtype=torch.float64)
    return torch.cat([every, 2 * PRIOR * every * torch.rand(classes, intervals, dtype=torch.float64)])
