"""Lovász hinge: a convex surrogate of the Jaccard loss of each pair."""

import torch
from torch import Tensor
from torch.nn import functional

from severstal.losses.target import binarize, to_float32


def lovasz_hinge(masks: Tensor, target: Tensor) -> Tensor:
    """Lovász extension of the Jaccard loss at the hinge errors of each pair (Berman 2018, algorithm 1).

    The errors max(0, 1 - z s), s being 1 on the mask and -1 elsewhere, are sorted from the largest, and each
    is weighted by how much the Jaccard loss grows when its pixel becomes wrong after those before it. For a
    pair without a mask only the largest error counts. segmentation-models-pytorch sorts the classes of a
    picture together, in a loop; here all pairs are sorted at once, each separately.

    Args:
        masks: logits z, (N, C, H, W); computed in float32 at least.
        target: (N, C, H, W), binarized at 0.5.

    Returns:
        One value per pair, 0 or more, (N, C).

    Example:
        >>> truth = torch.tensor([[[[1.0, 0.0, 0.0]], [[0.0, 0.0, 0.0]]]])
        >>> logits = torch.tensor([[[[-1.0, -2.0, 0.0]], [[-3.0, 1.0, 0.0]]]])
        >>> lovasz_hinge(logits, truth)  # the one true pixel wrong: 2 * 1; then the third: nothing more
        tensor([[2., 2.]])
    """
    errors, truth, true = _sorted_errors(masks, target)
    return (errors * _growth(truth, true)).sum(2)


def symmetric_lovasz_hinge(masks: Tensor, target: Tensor) -> Tensor:
    """The mean of the Lovász hinges of the masks and of their complements (14th place of the competition).

    A pair without a mask then has a gradient at all of its pixels, not only at the worst.

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: (N, C, H, W), binarized at 0.5.

    Returns:
        One value per pair, 0 or more, (N, C).

    Example:
        >>> symmetric_lovasz_hinge(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2))
        tensor([[1.]])
    """
    errors, truth, true = _sorted_errors(masks, target)  # the same for the inverse of both
    false = masks.shape[2] * masks.shape[3] - true
    return (errors * (_growth(truth, true) + _growth(1 - truth, false))).sum(2) / 2


def _sorted_errors(masks: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hinge errors of each pair from the largest, the truth of these pixels, and the sum of the whole truth.

    Errors of 0 contribute 0 and come last, so only as many pixels are sorted as are wrong, or right by less
    than 1, in the pair that has most of them: from the first steps on a small part.

    Returns:
        (N, C, K), (N, C, K), (N, C, 1).
    """
    logits = to_float32(masks).flatten(2)  # (N, C, H * W)
    truth = binarize(target).flatten(2)  # (N, C, H * W)
    errors = functional.relu(1 - torch.where(truth, logits, -logits))
    some = max(1, int((errors.detach() > 0).sum(2).max()))
    errors, places = errors.topk(some, sorted=True)  # (N, C, K)
    return errors, truth.gather(2, places).to(errors.dtype), truth.sum(2, keepdim=True)


def _growth(truth: Tensor, true: Tensor) -> Tensor:
    """Return by how much the Jaccard loss grows with each pixel that becomes wrong, in the order given.

    With m pixels of the mask still right and a union of u, a true pixel that turns wrong adds 1 / u, and a
    false one, which makes the union larger by itself, m / (u (u - 1)). Written so, nothing is lost to the
    difference of two numbers near 1.
    """
    left = true - truth.cumsum(2)  # (N, C, K)
    union = true + (1 - truth).cumsum(2)  # (N, C, K)
    growth = torch.where(truth > 0, 1, left / (union - 1).clamp_min(1)) / union
    growth[..., :1] = torch.where(true > 0, growth[..., :1], 1)
    return growth
