"""The networks of segmentation-models-pytorch: any of its decoders on any encoder of its own or of timm."""

import inspect
import math
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import segmentation_models_pytorch as smp
from segmentation_models_pytorch.base import SegmentationModel
from torch import nn

from severstal.errors import SeverstalError, unknown
from severstal.models.encoders import TIMM, any_size, find_encoder, find_stride
from severstal.models.mismatch import is_library_code, library_call
from severstal.models.network import Network
from severstal.models.weights import find_weights, load_encoder

# Probability of each class at each pixel before any training: about one pixel in a hundred is of a class.
# Without it the first steps only learn that defects are rare (Lin 2017, section 4.1).
PRIOR = 0.01
PRIOR_LOGIT = math.log(PRIOR / (1 - PRIOR))

FIXED = ("self", "kwargs", "encoder_name", "encoder_weights", "in_channels", "classes", "activation")

# Options that are passed to timm: shapes, depths and rates, never a file (checkpoint_path, pretrained_cfg).
TIMM_OPTIONS = (
    *("depth", "drop_path_rate", "drop_rate", "dynamic_img_size", "embed_dim", "img_size", "mlp_ratio"),
    *("num_heads", "patch_size", "qkv_bias", "strict_img_size", "window_size"),
)


def smp_network(
    decoder: type[SegmentationModel],
    encoder_name: str,
    encoder_weights: str,
    in_channels: int,
    classes: int,
    class_head: bool,
    options: Mapping[str, Any],
) -> Network:
    """Build a decoder of smp on an encoder.

    Args:
        decoder: a class of smp, such as `smp.Unet`.
        encoder_name: an encoder of smp, or of timm as `tu-NAME`.
        encoder_weights: "none", a name that the encoder knows, or the path of a `.safetensors` file.
        in_channels: number of picture channels.
        classes: number of mask classes.
        class_head: whether to add smp's classification head to the encoder.
        options: further arguments of the decoder, as smp names them; for an encoder of timm also
            `TIMM_OPTIONS`. `aux_params` may hold the class head's `pooling` and `dropout`.

    Raises:
        SeverstalError: an unknown encoder, weights or option.
        EncoderMismatch: the decoder cannot be built on the encoder, or with the options.

    Example:
        >>> network = smp_network(smp.Unet, "tu-test_resnet", "none", 1, 4, True, {})
        >>> network.stride
        32
    """
    encoder_name = find_encoder(encoder_name)
    weights = find_weights(encoder_name, encoder_weights)
    own = [name for name in inspect.signature(decoder.__init__).parameters if name not in FIXED]
    allowed = [*own, *(TIMM_OPTIONS if encoder_name.startswith(TIMM) else ())]
    for name in options:
        if name in FIXED:
            raise SeverstalError(f"model option {name!r} may not be set: remove it")
        if name not in allowed:
            raise unknown("model option", name, allowed)
    if "aux_params" in options and not class_head:
        raise SeverstalError("model option 'aux_params' is of the class head: set class_head = true")

    settings = dict(options)
    if class_head:
        settings["aux_params"] = {**settings.get("aux_params", {}), "classes": classes, "activation": None}
    if encoder_name.startswith(TIMM):
        settings = {**any_size(encoder_name), **settings}
    if issubclass(decoder, smp.DPT):
        settings.setdefault("num_classes", 0)  # smp leaves timm's classifier on, unused
    with library_call() if is_library_code(decoder.__init__) else nullcontext():
        model = decoder(
            encoder_name, encoder_weights=None, in_channels=in_channels, classes=classes, **settings
        )
    *_, last = (part for part in model.segmentation_head.modules() if isinstance(part, nn.Conv2d))
    nn.init.constant_(last.bias, PRIOR_LOGIT)
    if weights is not None:
        timm_options = {name: value for name, value in settings.items() if name not in own}
        load_encoder(model.encoder, encoder_name, weights, in_channels, timm_options)

    stride = find_stride(model.encoder, encoder_name, in_channels, settings.get("img_size"))
    stride = math.lcm(stride, getattr(model, "stride", 1))  # DPT's features are coarser than its patches
    # PAN halves the encoder's last features three times more.
    return Network(model, stride, smallest=8 * stride if isinstance(model, smp.PAN) else 1)
