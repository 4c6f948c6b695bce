"""Test-time augmentation: predict mirrored, shifted and resized views of a picture, undo, average."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from severstal.recipe import InferenceSettings

Flip = Literal["none", "horizontal", "vertical", "both"]

AXES: dict[str, list[int]] = {"none": [], "horizontal": [-1], "vertical": [-2], "both": [-2, -1]}


@dataclass(frozen=True)
class View:
    """One test-time augmentation of a picture.

    Attributes:
        flip: mirroring, after shift and scale.
        shift: cyclic shift to the right by this share of the width; only the seam then shows what no strip of
            steel has.
        scale: height and width are multiplied by this.
    """

    flip: Flip = "none"
    shift: float = 0.0
    scale: float = 1.0


class Probabilities(NamedTuple):
    """Predicted probabilities of a batch.

    Attributes:
        masks: (N, C, h, w) float32, 0 to 1.
        classes: (N, C) float32, of each class being anywhere in the picture; None without a class head.
    """

    masks: Tensor
    classes: Tensor | None


def views(settings: InferenceSettings) -> list[View]:
    """Every combination of the flips, shifts and scales of a recipe.

    Example:
        >>> len(views(InferenceSettings(flips=("none", "both"), shifts=(0.0, 0.25), scales=(1.0, 0.75))))
        8
    """
    return [View(*each) for each in product(settings.flips, settings.shifts, settings.scales)]


def predict_views(network: nn.Module, pictures: Tensor, shown: Sequence[View]) -> Probabilities:
    """Mean probability of each class at each pixel, and in each picture, over views of the pictures.

    Args:
        network: gives a tuple with `masks` (N, C, h, w) and `classes` (N, C) or None, logits.
        pictures: (N, 1, h, w).
        shown: the views; each is predicted once and undone.

    Example:
        >>> from types import SimpleNamespace
        >>> network = lambda pictures: SimpleNamespace(masks=pictures, classes=None)
        >>> predict_views(network, torch.zeros(1, 1, 2, 2), [View(), View("both", 0.5)]).masks.unique()
        tensor([0.5000])
    """
    masks: Tensor | None = None
    classes: Tensor | None = None
    for view in shown:
        output = network(_show(pictures, view))
        undone = _undo(output.masks.float().sigmoid(), view, pictures.shape[-2:])
        masks = undone if masks is None else masks + undone
        if output.classes is not None:
            present = output.classes.float().sigmoid()
            classes = present if classes is None else classes + present
    assert masks is not None  # a recipe has at least one flip, shift and scale
    return Probabilities(masks / len(shown), None if classes is None else classes / len(shown))


def _show(pictures: Tensor, view: View) -> Tensor:
    """Transform the pictures: shift, resize, mirror."""
    if view.shift:
        pictures = pictures.roll(_pixels(view, pictures.shape[-1]), -1)
    if view.scale != 1:
        height, width = (max(1, round(side * view.scale)) for side in pictures.shape[-2:])
        pictures = functional.interpolate(pictures, (height, width), mode="bilinear", antialias=True)
    return pictures.flip(AXES[view.flip]) if AXES[view.flip] else pictures


def _undo(masks: Tensor, view: View, shape: torch.Size) -> Tensor:
    """Transform the prediction for a view back into the frame of the pictures."""
    if AXES[view.flip]:
        masks = masks.flip(AXES[view.flip])
    if masks.shape[-2:] != shape:
        masks = functional.interpolate(masks, shape, mode="bilinear", antialias=True)
    return masks.roll(-_pixels(view, shape[-1]), -1) if view.shift else masks


def _pixels(view: View, width: int) -> int:
    return round(view.shift * width)
