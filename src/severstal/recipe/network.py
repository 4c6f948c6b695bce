"""Settings of a recipe's network and of its training loss."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from severstal.settings import within


@dataclass(frozen=True)
class ModelSettings:
    """The network.

    Attributes:
        architecture: a name in the registry of networks.
        encoder_name: an encoder of segmentation-models-pytorch, or of timm as `tu-NAME`; "own" where the
            architecture has its own, as unet_paper.
        encoder_weights: pretrained weights by name (fetched on first use), a `.safetensors` file, or "none".
        class_head: whether the network has a classification head for the classes present in the picture.
        options: further arguments of the architecture, under the names of segmentation-models-pytorch.
    """

    architecture: str = "fpn"
    encoder_name: str = "efficientnet-b3"
    encoder_weights: str = "imagenet"
    class_head: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LossSettings:
    """Settings of the training loss.

    An architecture with its own loss, maskrcnn or classical, uses that in place of everything here but
    `classes`.

    Attributes:
        masks: weight of each mask loss, by its name in the registry of losses.
        classes: weight of the classification head's binary cross-entropy; without a head it must be 0.
        positive_weights: weight of the positive pixels in the binary cross-entropy, one value per class or
            one for all; 1 where it is empty.
        class_weights: weighting of the classes in the mask losses: "balanced" is one over the square root of
            a class's pixels, "proportional" one over its pixels; both have mean 1.
        label_smoothing: targets 0 and 1 become half of this and 1 minus half of this.
        edge_smoothing: targets are blurred at the edges of masks over this many pixels of the crop.
        deep_supervision: weight of the same mask losses on auxiliary outputs of the encoder's coarser levels.
    """

    masks: Mapping[str, float] = field(default_factory=lambda: {"bce": 0.75, "dice": 0.25})
    classes: float = within(0.0, 0.0, 1000.0)
    positive_weights: tuple[float, ...] = within((), 0.001, 1000.0)
    class_weights: Literal["none", "balanced", "proportional"] = "none"
    label_smoothing: float = within(0.0, 0.0, 0.9)
    edge_smoothing: float = within(0.0, 0.0, 100.0)
    deep_supervision: float = within(0.0, 0.0, 100.0)
