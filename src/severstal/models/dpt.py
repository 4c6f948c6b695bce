"""DPT: a vision transformer's patches, read as pictures of several sizes and fused."""

import warnings
from collections.abc import Mapping
from typing import Any

import segmentation_models_pytorch as smp

from severstal.models.network import Network
from severstal.models.smp_networks import smp_network


def dpt(
    encoder_name: str,
    encoder_weights: str,
    in_channels: int,
    classes: int,
    class_head: bool,
    options: Mapping[str, Any],
) -> Network:
    """Build DPT (Ranftl 2021, Vision Transformers for Dense Prediction).

    smp also puts its head on convolutional encoders of timm, which is another network than the paper's.

    Args:
        encoder_name: a vision transformer of timm, as tu-vit_small_patch16_224.
        encoder_weights: "none", a name that the encoder knows, or the path of a `.safetensors` file.
        in_channels: of the pictures.
        classes: of the masks.
        class_head: whether the network also says which classes a picture holds.
        options: as `smp_network` takes them for `smp.DPT`.

    Raises:
        SeverstalError: an unknown encoder, weights or option.
        ValueError: the encoder has no patches.

    Example:
        >>> dpt("tu-test_resnet", "none", 1, 4, False, {})
        Traceback (most recent call last):
        ValueError: its encoder has no patches
    """
    with warnings.catch_warnings():
        if "decoder_readout" not in options:  # smp's default copes with transformers that have none
            warnings.filterwarnings("ignore", "Encoder does not have prefix tokens")
        network = smp_network(
            smp.DPT, encoder_name, encoder_weights, in_channels, classes, class_head, options
        )
    if not hasattr(network.body.encoder.model, "patch_embed"):
        raise ValueError("its encoder has no patches")
    return network
