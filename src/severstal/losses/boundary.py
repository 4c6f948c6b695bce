"""Boundary loss: errors weighted by their signed distance to the true boundary."""

import torch
from torch import Tensor

from severstal.losses.dice import false_alarm
from severstal.losses.distances import signed_distances
from severstal.losses.target import binarize, to_float32


def boundary_loss(masks: Tensor, target: Tensor) -> Tensor:
    """Mean over the pixels of phi (p - t), phi being the signed distance to the boundary (Kervadec 2019).

    The term phi t, which does not depend on the network and which the paper leaves out, makes the loss 0 for
    the truth and never negative. The paper adds it to an overlap loss, with a weight that grows from 0.01. It
    needs one: on the boundary phi is 0, so that by itself it ignores masks that are one or two pixels wide.

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: (N, C, H, W), binarized at 0.5.

    Returns:
        One value per pair, in pixels, (N, C); of a pair without a mask, which has no boundary, Dice's term
        for false alarms.

    Example:
        >>> truth = torch.tensor([[[[0.0, 1.0, 1.0, 1.0, 0.0, 0.0]]]])  # phi = 1, 0, -1, 0, 1, 2
        >>> boundary_loss(torch.zeros(1, 1, 1, 6), truth)  # (0.5 + 0.5 + 0.5 + 1) / 6
        tensor([[0.4167]])
    """
    probabilities = to_float32(masks).sigmoid()
    truth = binarize(target)
    distances = signed_distances(truth).to(probabilities.dtype)
    loss = (distances * (probabilities - truth.to(probabilities.dtype))).mean((2, 3))  # (N, C)
    return torch.where(truth.any(3).any(2), loss, false_alarm(probabilities.flatten(2)))
