"""The networks by name: a new architecture is one file and one line here."""

import re
from collections.abc import Mapping
from functools import partial
from types import NoneType
from typing import Any, Protocol

import segmentation_models_pytorch as smp

from severstal.errors import SeverstalError, shown, unknown
from severstal.models.classical.body import classical
from severstal.models.deeplab import DeepLabV1, DeepLabV2
from severstal.models.deeplab_v3 import deeplab_v3, deeplab_v3plus
from severstal.models.dinov3 import dinov3_dpt
from severstal.models.dpt import dpt
from severstal.models.editions import built_as
from severstal.models.fcn import Fcn8s, Fcn16s, Fcn32s
from severstal.models.gcn import Gcn
from severstal.models.hrnet import Hrnet
from severstal.models.ksac import Ksac
from severstal.models.maskrcnn.body import maskrcnn
from severstal.models.mismatch import EncoderMismatch
from severstal.models.network import (
    DeepOutput,
    Network,
    Output,
    OwnLossOutput,
    check_features,
    encoder_of,
    freeze_unused,
    supervise,
)
from severstal.models.ocr import hrnet_ocr
from severstal.models.papers import NETWORK_PAPERS, NetworkDescription
from severstal.models.pspnet import PspNet
from severstal.models.segmenter import SegmenterLinear, SegmenterMask
from severstal.models.segnet import SegNet
from severstal.models.smp_networks import PRIOR_LOGIT, smp_network
from severstal.models.unet_paper import unet_paper

__all__ = [
    "DeepOutput",
    "Network",
    "Output",
    "OwnLossOutput",
    "architectures",
    "build_model",
    "describe_networks",
    "encoder_of",
]


class Builder(Protocol):
    """Builds a network; the arguments are those of `build_model`."""

    def __call__(
        self,
        encoder_name: str,
        encoder_weights: str,
        in_channels: int,
        classes: int,
        class_head: bool,
        options: Mapping[str, Any],
    ) -> Network: ...


BUILDERS: dict[str, Builder] = {
    "classical": classical,
    "deeplab_v1": partial(smp_network, DeepLabV1),
    "deeplab_v2": partial(smp_network, DeepLabV2),
    "deeplab_v3": deeplab_v3,
    "deeplab_v3plus": deeplab_v3plus,
    "dinov3_dpt": dinov3_dpt,
    "dpt": dpt,
    "fcn16s": partial(smp_network, Fcn16s),
    "fcn32s": partial(smp_network, Fcn32s),
    "fcn8s": partial(smp_network, Fcn8s),
    "fpn": partial(smp_network, smp.FPN),
    "gcn": partial(smp_network, Gcn),
    "hrnet": partial(smp_network, Hrnet),
    "hrnet_ocr": hrnet_ocr,
    "ksac": partial(smp_network, Ksac),
    "linknet": partial(smp_network, smp.Linknet),
    "manet": partial(smp_network, smp.MAnet),
    "maskrcnn": maskrcnn,
    "pan": partial(smp_network, smp.PAN),
    "pspnet": partial(smp_network, PspNet),
    "segformer": partial(smp_network, smp.Segformer),
    "segmenter_linear": partial(smp_network, SegmenterLinear),
    "segmenter_mask": partial(smp_network, SegmenterMask),
    "segnet": partial(smp_network, SegNet),
    "unet": partial(smp_network, smp.Unet),
    "unet_paper": unet_paper,
    "unetplusplus": partial(smp_network, smp.UnetPlusPlus),
    "upernet": partial(smp_network, smp.UPerNet),
}

DILATED = "it needs an encoder whose strides can be dilated, as resnet34"
NEEDS = {
    "deeplab_v1": DILATED,
    "deeplab_v2": DILATED,
    "deeplab_v3": DILATED,
    "deeplab_v3plus": DILATED,
    "dpt": "it needs a vision transformer of timm, as tu-vit_small_patch16_224",
    "ksac": DILATED,
    "maskrcnn": "it needs an encoder with features of strides 4 to 32, as resnet34",
    "pan": DILATED,
    "pspnet": f"{DILATED}, or the option encoder_output_stride = 32",
    "segmenter_linear": "it needs a vision transformer of timm, as tu-vit_small_patch16_224",
    "segmenter_mask": "it needs a vision transformer of timm, as tu-vit_small_patch16_224",
    "segnet": "it needs a VGG of segmentation-models-pytorch, as vgg16_bn",
}


def architectures() -> tuple[str, ...]:
    """Names that `build_model` knows, sorted.

    Example:
        >>> "fpn" in architectures()
        True
    """
    return tuple(sorted(BUILDERS))


def describe_networks() -> list[NetworkDescription]:
    """Describe every network, in the order of the names: its paper, and what it is in one line.

    Example:
        >>> describe_networks()[-1].paper
        'Xiao, Liu, Zhou, Jiang and Sun 2018, ECCV'
    """
    return [NetworkDescription(name, *NETWORK_PAPERS[name]) for name in architectures()]


def check_architecture(name: str) -> None:
    """Check that an architecture is known.

    Raises:
        SeverstalError: the architecture is unknown; the message names the nearest known one.

    Example:
        >>> check_architecture("fpm")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: architecture 'fpm' is unknown: the nearest known one is 'fpn'
    """
    if name not in BUILDERS:
        raise unknown("architecture", name, BUILDERS)


def build_model(
    architecture: str,
    encoder_name: str,
    encoder_weights: str = "none",
    in_channels: int = 1,
    classes: int = 4,
    class_head: bool = False,
    options: Mapping[str, Any] | None = None,
    deep_supervision: bool = False,
    for_training: bool = True,
) -> Network:
    """Build a network.

    For training, the network is tried on a blank picture, and weights that no output depends on are frozen.

    Args:
        architecture: one of `architectures()`.
        encoder_name: an encoder of segmentation-models-pytorch, or of timm as `tu-NAME`; "own" for an
            architecture that has no encoder but its own.
        encoder_weights: "none" for random ones, a name that the encoder knows, such as "imagenet" (fetched on
            first use), or the path of a `.safetensors` file.
        in_channels: number of picture channels, 1 for grey.
        classes: number of mask classes, from 1.
        class_head: whether the network also predicts which classes a picture holds.
        options: further settings of the architecture, as segmentation-models-pytorch names them; for a timm
            encoder also some of timm's, such as `img_size` for transformers with a window. Names are those of
            a list, values are numbers, words and lists or tables of such: no option names a file.
        deep_supervision: whether auxiliary heads predict masks from the encoder's coarser features in
            training mode; their weights come last in its state.
        for_training: False leaves out the trial and the freezing, a third of the time, where weights follow
            that were trained in the same network.

    Returns:
        A network in training mode: pictures (N, in_channels, H, W) to `Output`, or with deep supervision to
        `DeepOutput` until `eval()` is called.

    Raises:
        SeverstalError: an unknown architecture, encoder, weights or option (the nearest known is named), or
            no network to fetch the weights.
        EncoderMismatch: the architecture cannot be built on the encoder, or with the options.

    Example:
        >>> import torch
        >>> network = build_model("fpn", "tu-test_resnet", class_head=True)
        >>> masks, classes = network(torch.zeros(2, 1, 70, 101))
        >>> masks.shape, classes.shape
        (torch.Size([2, 4, 70, 101]), torch.Size([2, 4]))
    """
    check_architecture(architecture)
    if in_channels < 1 or classes < 1:
        raise SeverstalError(f"in_channels is {in_channels} and classes {classes}: give at least 1 of each")
    options = dict(options or {})
    _check_values(options)
    try:
        network = BUILDERS[architecture](
            encoder_name, encoder_weights, in_channels, classes, class_head, options
        )
        if for_training:
            check_features(network, in_channels)
        if deep_supervision:
            supervise(network, in_channels, classes, PRIOR_LOGIT)
        if for_training:
            freeze_unused(network, in_channels)
    except EncoderMismatch as error:
        if error.repair is not None:
            raise
        raise EncoderMismatch(
            f"{architecture} on {encoder_name} with options {options} cannot be built ({error})",
            NEEDS.get(architecture, "change the encoder or the options"),
        ) from error
    network.built_as = built_as(architecture)
    return network


def _check_values(options: Mapping[str, Any]) -> None:
    """Refuse values that might be paths: of texts, only words pass."""
    for name, value in options.items():
        left = [value]
        while left:
            item = left.pop()
            if isinstance(item, Mapping):
                left += [*item, *item.values()]
            elif isinstance(item, list | tuple):
                left += item
            elif isinstance(item, str) and not re.fullmatch(r"[A-Za-z0-9_]{1,40}", item):
                raise SeverstalError(f"model option {name!r} is {shown(value)}: give letters and digits")
            elif not isinstance(item, str | int | float | NoneType):
                raise SeverstalError(f"model option {name!r} is {shown(value)}: give numbers and words")
