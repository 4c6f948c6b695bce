"""DINOv3, a vision transformer pretrained without labels, with the dense head of DPT."""

from collections.abc import Mapping
from typing import Any

import timm

from severstal.errors import nearest
from severstal.models.dpt import dpt
from severstal.models.encoders import TIMM, find_encoder
from severstal.models.mismatch import EncoderMismatch
from severstal.models.network import Network

FAMILY = "dinov3"


def dinov3_dpt(
    encoder_name: str,
    encoder_weights: str,
    in_channels: int,
    classes: int,
    class_head: bool,
    options: Mapping[str, Any],
) -> Network:
    """Build DPT (Ranftl 2021, Vision Transformers for Dense Prediction) on DINOv3 (Siméoni 2025).

    The published weights of DINOv3 are under Meta's own DINOv3 License, not an open-source one: it names
    uses that are not allowed, and wants a copy of itself passed on with the weights and what is trained from
    them. Read it before you publish a model. It does not cover a network that is trained from random weights.

    Args:
        encoder_name: a DINOv3 transformer of timm, as tu-vit_small_patch16_dinov3.
        encoder_weights: "none", a name that the encoder knows, or the path of a `.safetensors` file.
        in_channels: number of picture channels.
        classes: number of mask classes.
        class_head: whether the network also predicts which classes a picture holds.
        options: options of `dpt`.

    Raises:
        SeverstalError: an unknown encoder, weights or option.
        EncoderMismatch: the encoder is no DINOv3 transformer.

    Example:
        >>> dinov3_dpt("tu-test_vit", "none", 1, 4, False, {})
        Traceback (most recent call last):
        severstal.models.mismatch.EncoderMismatch: encoder_name 'tu-test_vit' is no DINOv3 transformer: ...
    """
    known = [TIMM + name for name in timm.list_models(f"vit_*{FAMILY}*")]
    if find_encoder(encoder_name).partition(".")[0] not in known:
        near = nearest(encoder_name, known)
        raise EncoderMismatch(
            f"encoder_name {encoder_name!r} is no DINOv3 transformer", f"take {near!r}, or architecture 'dpt'"
        )
    return dpt(encoder_name, encoder_weights, in_channels, classes, class_head, options)
