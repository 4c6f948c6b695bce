"""Matthews correlation loss of each pair."""

import torch
from torch import Tensor

from severstal.losses.dice import false_alarm
from severstal.losses.target import to_float32


def mcc_loss(masks: Tensor, target: Tensor) -> Tensor:
    """One minus Matthews' correlation coefficient of each pair (Abhishek 2021), which counts true negatives
    too.

    (TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN)), where each is a sum over the pixels of
    products of p or 1 - p with t or 1 - t. segmentation-models-pytorch's sums over the batch. The coefficient
    is not defined for a truth of one label only: for an empty mask the loss is `false_alarm`, and for a mask
    over the whole picture `false_alarm` of 1 - p.

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: 0 to 1, (N, C, H, W).

    Returns:
        One value per pair, 0 to 2, (N, C).

    Example:
        >>> truth = torch.tensor([[[[1.0, 1.0, 0.0, 0.0]]]])
        >>> logits = torch.tensor([[[[99.0, -99.0, -99.0, -99.0]]]])  # 1 - 2 / sqrt(1 * 2 * 2 * 3)
        >>> mcc_loss(logits, truth)
        tensor([[0.4226]])
    """
    masks = to_float32(masks)
    probabilities = masks.sigmoid().flatten(2)  # (N, C, H * W)
    truth = target.to(masks.dtype).flatten(2)  # (N, C, H * W)
    found, true = probabilities.mean(2), truth.mean(2)  # (N, C)
    # The coefficient is the covariance of the two labels over the product of their deviations.
    together = (probabilities * (truth - true[..., None])).mean(2)  # (N, C)
    spread = ((found * (1 - found)).clamp_min(1e-7) * (true * (1 - true)).clamp_min(1e-7)).sqrt()
    loss = torch.where(true > 0, 1 - together / spread, false_alarm(probabilities))
    return torch.where(true < 1, loss, false_alarm(1 - probabilities))
