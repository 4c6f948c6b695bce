"""Hausdorff loss: squared errors weighted by the distances to the true and the predicted boundary."""

import torch
from torch import Tensor

from severstal.losses.dice import false_alarm
from severstal.losses.distances import signed_distances
from severstal.losses.target import binarize, to_float32


def hausdorff_loss(masks: Tensor, target: Tensor) -> Tensor:
    """Mean over the pixels of (p - t)^2 (d_t^2 + d_p^2) (Karimi 2019, equation 8, with alpha = 2).

    d_t and d_p are the distances to the boundaries of the truth and of p above 0.5: outside the mask to its
    nearest pixel, inside to the nearest pixel without. Where p is nowhere above 0.5, d_p is 0. No gradient
    flows through the distances. In square pixels the loss is large at first: the paper weights it to be as
    large as Dice; 1e-3 is a start.

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: (N, C, H, W), binarized at 0.5.

    Returns:
        One value per pair, in square pixels, (N, C); for a pair without a mask `false_alarm`.

    Example:
        >>> truth = torch.tensor([[[[0.0, 1.0, 1.0, 1.0, 0.0, 0.0]]]])  # d_t = 1, 1, 2, 1, 1, 2
        >>> hausdorff_loss(torch.zeros(1, 1, 1, 6), truth)  # 0.25 (1 + 1 + 4 + 1 + 1 + 4) / 6
        tensor([[0.5000]])
    """
    probabilities = to_float32(masks).sigmoid()
    truth = binarize(target)
    squares = _to_boundary(truth).square() + _to_boundary(probabilities > 0.5).square()
    wrong = (probabilities - truth.to(probabilities.dtype)).square()
    loss = (wrong * squares.to(probabilities.dtype)).mean((2, 3))  # (N, C)
    return torch.where(truth.any(3).any(2), loss, false_alarm(probabilities.flatten(2)))


def _to_boundary(masks: Tensor) -> Tensor:
    signed = signed_distances(masks)
    return torch.where(masks, 1 - signed, signed)
