"""The network of a recipe and what its training makes small."""

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
            architecture brings its own, as unet_paper.
        encoder_weights: pretrained weights by name (fetched on first use), a `.safetensors` file, or "none".
        class_head: whether the network also says which classes the picture holds.
        options: further settings of that architecture, as segmentation-models-pytorch names them.
    """

    architecture: str = "fpn"
    encoder_name: str = "efficientnet-b3"
    encoder_weights: str = "imagenet"
    class_head: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LossSettings:
    """What training makes small.

    An architecture with a loss of its own, maskrcnn or classical, takes that in place of all but `classes`.

    Attributes:
        masks: weight of each mask loss, by its name in the registry of losses.
        classes: weight of the class head's cross-entropy; without a head it must be 0.
        positive_weights: in the pixel cross-entropy a pixel of class k counts so many times; one number a
            class, or one for all; empty is 1.
        class_weights: of the mask losses: "balanced" is one over the square root of a class's pixels,
            "proportional" one over its pixels; both have mean 1.
        label_smoothing: the truth is moved by this towards a half.
        edge_smoothing: the truth is blurred at the edges of masks over so many pixels of the crop.
        deep_supervision: weight of the same mask losses on outputs of the encoder's coarser levels.
    """

    masks: Mapping[str, float] = field(default_factory=lambda: {"bce": 0.75, "dice": 0.25})
    classes: float = within(0.0, 0.0, 1000.0)
    positive_weights: tuple[float, ...] = within((), 0.001, 1000.0)
    class_weights: Literal["none", "balanced", "proportional"] = "none"
    label_smoothing: float = within(0.0, 0.0, 0.9)
    edge_smoothing: float = within(0.0, 0.0, 100.0)
    deep_supervision: float = within(0.0, 0.0, 100.0)
