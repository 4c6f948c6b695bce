"""Binary cross-entropy: of every pixel of every mask, and of every class being there at all."""

import torch
from torch import Tensor
from torch.nn import functional


def pixel_cross_entropy(masks: Tensor, target: Tensor) -> Tensor:
    """Mean over all pixels of the cross-entropy of mask logits.

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: 0 or 1, (N, C, H, W).

    Returns:
        A scalar: ln 2 for logits of 0, towards 0 for right ones.

    Example:
        >>> pixel_cross_entropy(torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2))
        tensor(0.6931)
    """
    masks = masks.to(torch.promote_types(masks.dtype, torch.float32))
    return functional.binary_cross_entropy_with_logits(masks, target.to(masks.dtype))


def presence_cross_entropy(classes: Tensor, target: Tensor) -> Tensor:
    """Mean over pairs of the cross-entropy of class logits; a class is there when its mask has any pixel.

    Args:
        classes: logits, (N, C); computed in float32 at least.
        target: masks of 0 or 1, (N, C, H, W).

    Returns:
        A scalar.

    Example:
        >>> presence_cross_entropy(torch.tensor([[-2.0, 2.0]]), torch.tensor([[[[0, 0]], [[0, 1]]]]))
        tensor(0.1269)
    """
    classes = classes.to(torch.promote_types(classes.dtype, torch.float32))
    present = target.flatten(2).amax(2) > 0  # (N, C)
    return functional.binary_cross_entropy_with_logits(classes, present.to(classes.dtype))
