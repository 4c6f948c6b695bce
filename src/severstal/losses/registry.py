"""The losses by name, and their weighted sum."""

import difflib
import math
from collections.abc import Callable, Mapping
from typing import Protocol

from torch import Tensor, nn

from severstal.errors import SeverstalError
from severstal.losses.bce import pixel_cross_entropy, presence_cross_entropy
from severstal.losses.dice import soft_dice_loss

MASK_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "bce": pixel_cross_entropy,
    "dice": soft_dice_loss,
}


class Prediction(Protocol):
    """What a network says of a batch."""

    @property
    def masks(self) -> Tensor:
        """Logits, (N, C, H, W)."""

    @property
    def classes(self) -> Tensor | None:
        """Logits, (N, C), or None without a class head."""


class Loss(nn.Module):
    """The weighted sum of mask losses, and the cross-entropy of the class head.

    Args:
        masks: weight of each mask loss, by its name in `MASK_LOSSES`.
        classes: weight of the class head's cross-entropy.
    """

    def __init__(self, masks: Mapping[str, float], classes: float) -> None:
        super().__init__()
        self.masks = dict(masks)
        self.classes = classes

    def forward(self, output: Prediction, target: Tensor) -> Tensor:
        """Say how wrong a batch is.

        Args:
            output: logits of masks (N, C, H, W) and of classes (N, C).
            target: masks of 0 or 1, (N, C, H, W).

        Returns:
            A scalar, float32 at least; the mean over the pictures of the batch.

        Raises:
            SeverstalError: the class head counts, but the network has none.
        """
        if output.masks.shape != target.shape:
            raise ValueError(f"masks are {tuple(output.masks.shape)}, the target {tuple(target.shape)}")
        terms = [weight * MASK_LOSSES[name](output.masks, target) for name, weight in self.masks.items()]
        if self.classes:
            if output.classes is None:
                raise SeverstalError(
                    f"loss.classes is {self.classes:g}, but the network has no class head: "
                    "set model.class_head = true, or loss.classes = 0"
                )
            terms.append(self.classes * presence_cross_entropy(output.classes, target))
        return sum(terms[1:], terms[0])


def build_loss(masks: Mapping[str, float], classes: float = 0.0) -> Loss:
    """Build the loss of a training.

    Args:
        masks: weight of each mask loss, by name; those of 0 are left out.
        classes: weight of the class head's cross-entropy against the presence of each class.

    Raises:
        SeverstalError: an unknown loss (the nearest known is named); a weight that is negative or not finite;
            all of them 0.

    Example:
        >>> import torch
        >>> from types import SimpleNamespace
        >>> output = SimpleNamespace(masks=torch.zeros(2, 4, 8, 8), classes=torch.zeros(2, 4))
        >>> build_loss({"bce": 1.0}, classes=1.0)(output, torch.zeros(2, 4, 8, 8))
        tensor(1.3863)
        >>> build_loss({"dise": 1.0})
        Traceback (most recent call last):
        severstal.errors.SeverstalError: loss 'dise' is unknown: the nearest known one is 'dice'
    """
    for name in masks:
        if name not in MASK_LOSSES:
            near = difflib.get_close_matches(name, MASK_LOSSES, 1, 0.0)[0]
            raise SeverstalError(f"loss {name!r} is unknown: the nearest known one is {near!r}")
    weights = {**{f"masks.{name}": weight for name, weight in masks.items()}, "classes": classes}
    for label, weight in weights.items():
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not number or not math.isfinite(weight) or weight < 0:
            raise SeverstalError(f"loss.{label} is {weight!r}: give a finite number, 0 or more")
    counted = {name: float(weight) for name, weight in masks.items() if weight}
    if not counted and not classes:
        raise SeverstalError("the weights of all losses are 0: give loss.masks or loss.classes a weight")
    return Loss(counted, float(classes))
