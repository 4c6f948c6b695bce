"""Tversky losses, which weight false positives and false negatives, and Jaccard's as one of them."""

import torch
from torch import Tensor

from severstal.losses.dice import false_alarm
from severstal.losses.target import to_float32

FALSE_POSITIVES, FALSE_NEGATIVES = 0.3, 0.7  # the best of Salehi 2017, and those of Abraham 2019
FOCUS = 3 / 4  # 1 / gamma of Abraham 2019


def jaccard_loss(masks: Tensor, target: Tensor) -> Tensor:
    """One minus the soft intersection over union of each pair (Rahman 2016): Tversky's with both weights 1.

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: 0 to 1, (N, C, H, W).

    Returns:
        One value per pair, 0 to 1, (N, C); for a pair without a mask `false_alarm`.

    Example:
        >>> jaccard_loss(torch.zeros(1, 1, 2, 2), torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]]))  # 1 - 0.5 / 2.5
        tensor([[0.8000]])
    """
    return _overlap_loss(masks, target, 1.0, 1.0)


def tversky_loss(masks: Tensor, target: Tensor) -> Tensor:
    """One minus the Tversky index of each pair, TP / (TP + 0.3 FP + 0.7 FN) (Salehi 2017).

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: 0 to 1, (N, C, H, W).

    Returns:
        One value per pair, 0 to 1, (N, C); for a pair without a mask `false_alarm`.

    Example:
        >>> logits, truth = torch.zeros(1, 1, 2, 2), torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
        >>> tversky_loss(logits, truth)  # 1 - 0.5 / (0.5 + 0.45 + 0.35)
        tensor([[0.6154]])
    """
    return _overlap_loss(masks, target, FALSE_POSITIVES, FALSE_NEGATIVES)


def focal_tversky_loss(masks: Tensor, target: Tensor) -> Tensor:
    """The Tversky loss of each pair to the power of 3/4, with a higher gradient for well-predicted pairs
    (Abraham 2019).

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: 0 to 1, (N, C, H, W).

    Returns:
        One value per pair, 0 to 1, (N, C); for a pair without a mask `false_alarm` itself.

    Example:
        >>> logits, truth = torch.zeros(1, 1, 2, 2), torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
        >>> focal_tversky_loss(logits, truth)
        tensor([[0.6948]])
    """
    return _overlap_loss(masks, target, FALSE_POSITIVES, FALSE_NEGATIVES, FOCUS)


def _overlap_loss(
    masks: Tensor, target: Tensor, false_positives: float, false_negatives: float, power: float = 1.0
) -> Tensor:
    masks = to_float32(masks)
    probabilities = masks.sigmoid().flatten(2)  # (N, C, H * W)
    truth = target.to(masks.dtype).flatten(2)  # (N, C, H * W)
    true = truth.sum(2)  # (N, C)
    found = (probabilities * truth).sum(2)  # (N, C)
    wrong = false_positives * (probabilities.sum(2) - found) + false_negatives * (true - found)  # (N, C)
    loss = wrong / (found + wrong).clamp_min(1e-6)  # 1 minus the index, exact where it is small
    if power != 1:
        loss = loss.clamp_min(1e-6) ** power  # at 0 its slope is infinite
    return torch.where(true > 0, loss, false_alarm(probabilities))
