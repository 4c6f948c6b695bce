"""Test-time augmentation: predict mirrored pictures too, mirror back, average."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

Flip = Literal["none", "horizontal", "vertical", "both"]

AXES: dict[str, list[int]] = {"none": [], "horizontal": [-1], "vertical": [-2], "both": [-2, -1]}


def predict_flipped(network: nn.Module, pictures: torch.Tensor, flips: Sequence[Flip]) -> torch.Tensor:
    """Mean probability of each class at each pixel over mirrored views of the pictures.

    Args:
        network: gives a tuple with `masks` (N, C, h, w), logits.
        pictures: (N, 1, h, w).
        flips: the views; each is predicted once and mirrored back.

    Returns:
        (N, C, h, w) float32, 0 to 1.

    Example:
        >>> from types import SimpleNamespace
        >>> network = lambda pictures: SimpleNamespace(masks=pictures)
        >>> predict_flipped(network, torch.zeros(1, 1, 2, 2), ["none", "both"]).unique()
        tensor([0.5000])
    """
    total = torch.zeros(())
    for flip in flips:
        axes = AXES[flip]
        masks = network(pictures.flip(axes) if axes else pictures).masks.float().sigmoid()
        total = total.to(masks.device) + (masks.flip(axes) if axes else masks)
    return total / len(flips)
