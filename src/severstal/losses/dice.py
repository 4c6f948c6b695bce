"""Soft Dice: the competition's score of each pair, made smooth, taken from 1."""

import torch
from torch import Tensor

from severstal.losses.target import to_float32

# The share of the picture that a false alarm has to fill to cost a half: 1024 of 256 x 1600 pixels. Nine in
# ten true masks of every class are larger, so a false alarm of the size of a mask costs most of a pair.
FALSE_ALARM = 1 / 400


def false_alarm(probabilities: Tensor) -> Tensor:
    """Say how large a false alarm is: sum(p^2) / (sum(p^2) + pixels / 400).

    Also what overlap and distance losses give a pair that has no overlap or distance: one without a mask.

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

    The metric gives an empty pair 1 only if it is kept empty, and six of seven pairs are empty. Dice summed
    over a batch hides that, and Dice with a smoothing of one pixel punishes a picture full of probabilities
    of 0.001 like a real false alarm. Squares tell these apart: they leave quiet background alone, and so the
    odds that the cross-entropy finds, and fall on what a threshold would let through.

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: 0 to 1, (N, C, H, W).

    Returns:
        One number a pair, 0 to 1, (N, C).

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
