"""Seeded region growing: from pixels of high evidence of a class, or of none, over the whole picture."""

import numpy as np
import torch
from torch import Tensor

from severstal.models.classical.counts import Counts
from severstal.models.classical.features import TONE
from severstal.models.classical.regions import region_means


def seed_levels(counts: Counts, seeds: float) -> Tensor:
    """Find the least evidence of a seed of each class.

    Args:
        counts: fitted.
        seeds: share of the counted pixels of a class that are to be seeds, above 0 to 1.

    Returns:
        (C,) float64: the highest level that this share of the class's pixels reaches.
    """
    shares = counts.coarse[1:] / counts.coarse[:1]  # (C, bins)
    order = shares.argsort(1, descending=True)
    held = counts.coarse[1:].gather(1, order).cumsum(1)
    enough = held >= seeds * held[:, -1:]
    return shares.gather(1, order).gather(1, enough.long().argmax(1, keepdim=True))[:, 0]


def background_level(counts: Counts, seeds: float) -> Tensor:
    """Find the highest evidence of a seed of plain steel, over all classes: a scalar, as `seed_levels`."""
    shares = (counts.coarse[1:] / counts.coarse[:1]).amax(0)  # (bins,)
    order = shares.argsort()
    plain = (counts.coarse[0] - counts.coarse[1:].sum(0)).clamp(min=0)[order].cumsum(0)
    return shares[order][(plain >= seeds * plain[-1]).long().argmax()]


def region_growing(features: Tensor, counts: Counts, seeds: float) -> Tensor:
    """Grow the seeds of every class, and of plain steel, over all of a picture.

    Of the pixels at the edge of a region, the one across the smallest gradient of tone is added next
    (Adams & Bischof 1994, Seeded Region Growing, with the gradient in place of the distance to the
    region's mean, by scikit-image's watershed with markers), so that regions meet where gradients are
    highest.

    Args:
        features: (N, 4, H, W).
        counts: fitted.
        seeds: share of the counted pixels of each class, and of plain steel, that would be seeds.

    Returns:
        (N, C, H, W) float32: the mean evidence of the region, a connected component of one class.

    Example:
        >>> region_growing(torch.zeros(1, 4, 5, 7), Counts(classes=2), seeds=0.5).shape
        torch.Size([1, 2, 5, 7])
    """
    evidence = counts.evidence(features).cpu().numpy()
    levels = seed_levels(counts, seeds).cpu().numpy().astype(np.float32)
    plain = np.float32(background_level(counts, seeds).item())
    steps = _steps(features).cpu().numpy()
    grown = [_grow(one, step, levels, plain) for one, step in zip(evidence, steps, strict=True)]
    return torch.from_numpy(np.stack(grown)).to(features.device)


def _steps(features: Tensor) -> Tensor:
    """Gradient of the tone at each pixel, (N, H, W)."""
    tone = features[:, TONE]
    total = torch.zeros_like(tone)
    for axis in (1, 2):
        if tone.shape[axis] > 1:
            total += torch.gradient(tone, dim=axis)[0].abs()
    return total


def _grow(evidence: np.ndarray, steps: np.ndarray, levels: np.ndarray, plain: np.float32) -> np.ndarray:
    """The picture's probabilities, (C, H, W)."""
    from skimage.measure import label
    from skimage.segmentation import watershed

    strongest = evidence.argmax(0)
    highest = np.take_along_axis(evidence, strongest[None], 0)[0]
    sure = highest >= levels[strongest]
    markers = np.where(sure, strongest + 2, 0)
    markers[(highest <= plain) & ~sure] = 1
    if not markers.any():  # without seeds the picture is one region
        return region_means(evidence, np.zeros(markers.shape, np.int64))
    owners = watershed(steps, markers)
    return region_means(evidence, label(owners, background=0, connectivity=2))
