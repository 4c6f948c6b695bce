"""Focal loss: cross-entropy with a low weight on pixels that are predicted well."""

from torch import Tensor
from torchvision.ops import sigmoid_focal_loss

from severstal.losses.target import to_float32

_GAMMA = 2.0  # the paper's best


def focal_loss(masks: Tensor, target: Tensor) -> Tensor:
    """Mean over the pixels of - (1 - p_t)^2 ln p_t, p_t being the probability of what is true (Lin 2017).

    Without the paper's alpha, which weighs the classes against the background. torchvision's, which for
    labels of 0 and 1 is also segmentation-models-pytorch's.

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: 0 to 1, (N, C, H, W).

    Returns:
        One value per pair, (N, C).

    Example:
        >>> import torch
        >>> focal_loss(torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2))  # ln 2 / 4
        tensor([[0.1733]])
    """
    masks = to_float32(masks)
    losses = sigmoid_focal_loss(masks, target.to(masks.dtype), alpha=-1, gamma=_GAMMA)
    return losses.mean((2, 3))  # (N, C)
