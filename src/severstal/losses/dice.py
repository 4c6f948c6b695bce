"""Soft Dice loss of each pair, with a term of its own for pairs without a mask."""

import torch
from torch import Tensor

from severstal.losses.target import to_float32

# Share of the picture at which a false alarm costs 0.5: 1024 of 256 x 1600 pixels. Nine in ten true masks of
# every class are larger, so that a false alarm as large as a mask costs nearly 1.
FALSE_ALARM = 1 / 400


def false_alarm(probabilities: Tensor) -> Tensor:
    """Loss of a pair without a mask: sum(p^2) / (sum(p^2) + pixels / 400).

    The losses of overlap and distance, which are not defined there, use it too.

    Args:
        probabilities: p of each pair, (N, C, H * W).

    Returns:
        0 to 1, (N, C).

    Example:
        >>> false_alarm(torch.tensor([[[0.0] * 400, [1.0] + [0.0] * 399]]))
        tensor([[0.0000, 0.5000]])
    """
    alarm = probabilities.square().sum(2)  # (N, C)
    return alarm / (alarm + FALSE_ALARM * probabilities.shape[2])


def soft_dice_loss(masks: Tensor, target: Tensor) -> Tensor:
    """One minus the soft Dice of each pair.

    With p the probabilities and t the truth of one picture and class, sums going over its pixels:

    - t has a pixel: 1 - 2 sum(p t) / (sum(p) + sum(t)) (Milletari 2016, without the squares).
    - t is empty: sum(p^2) / (sum(p^2) + pixels / 400).

    The metric gives an empty pair 1 only if it stays empty, and six of seven pairs are empty. Dice summed
    over a batch ignores that, and Dice smoothed by one pixel penalizes a picture full of probabilities of
    0.001 like a real false alarm. Squares separate these: they hardly penalize low probabilities, which the
    cross-entropy calibrates, and penalize those that would pass a threshold.

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: 0 to 1, (N, C, H, W).

    Returns:
        One value per pair, 0 to 1, (N, C).

    Example:
        >>> truth = torch.zeros(1, 2, 20, 20)
        >>> truth[:, 0, :4, :4] = 1
        >>> soft_dice_loss(400 * (truth - 0.5), truth)
        tensor([[0., 0.]])
        >>> wrong = torch.full_like(truth, -200.0)
        >>> wrong[:, 1, 0, 0] = 200.0  # one pixel of 400, and the mask of the first class missed
        >>> soft_dice_loss(wrong, truth)
        tensor([[1.0000, 0.5000]])
    """
    masks = to_float32(masks)
    probabilities = masks.sigmoid().flatten(2)  # (N, C, H * W)
    truth = target.to(masks.dtype).flatten(2)  # (N, C, H * W)
    true = truth.sum(2)  # (N, C)
    found = (probabilities * truth).sum(2)  # (N, C)
    overlap = 2 * found / (probabilities.sum(2) + true).clamp_min(1e-6)  # (N, C)
    return torch.where(true > 0, 1 - overlap, false_alarm(probabilities))
