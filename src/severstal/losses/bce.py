"""Binary cross-entropy: of the pixels of masks, and of the presence of classes."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from severstal.losses.target import by_class, to_float32


def pixel_cross_entropy(masks: Tensor, target: Tensor, positive_weights: Sequence[float] = ()) -> Tensor:
    """Mean over the pixels of the cross-entropy of mask logits: -w t ln p - (1 - t) ln(1 - p).

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: 0 to 1, (N, C, H, W).
        positive_weights: weight w of the pixels of each class; one per class, one for all, or none for 1.

    Returns:
        One value per pair, (N, C): ln 2 for logits of 0, towards 0 for correct ones.

    Example:
        >>> import torch
        >>> pixel_cross_entropy(torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2), [3.0])
        tensor([[2.0794]])
    """
    masks = to_float32(masks)
    weight = by_class(positive_weights, masks) if len(positive_weights) else None
    losses = functional.binary_cross_entropy_with_logits(
        masks, target.to(masks.dtype), pos_weight=weight, reduction="none"
    )
    return losses.mean((2, 3))  # (N, C)


def presence_cross_entropy(classes: Tensor, present: Tensor) -> Tensor:
    """Mean over pairs of the cross-entropy of class logits; a class is present when its mask has a pixel.

    Args:
        classes: logits, (N, C); computed in float32 at least.
        present: presence of the classes, (N, C), 0 or 1; for mixed pictures the share of those with the
            class.

    Returns:
        A scalar.

    Example:
        >>> import torch
        >>> presence_cross_entropy(torch.tensor([[-2.0, 2.0]]), torch.tensor([[0, 1]]))
        tensor(0.1269)
    """
    classes = to_float32(classes)
    return functional.binary_cross_entropy_with_logits(classes, present.to(classes.dtype))
