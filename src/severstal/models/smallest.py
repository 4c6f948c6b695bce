"""The smallest encoder of each architecture that does not take any: for laptops, notebooks and tests."""

from collections.abc import Mapping
from typing import Any

ANY = "tu-test_resnet"  # smaller is none that nearly every architecture takes

_DPT = {"decoder_intermediate_channels": [8, 8, 8, 8], "decoder_fusion_channels": 16}
PARTICULAR: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "classical": ("own", {}),
    "dinov3_dpt": ("tu-vit_tiny_patch16_dinov3_qkvb", _DPT),
    "dpt": ("tu-test_vit", _DPT),
    "hrnet": ("tu-hrnet_w18_small", {}),
    "hrnet_ocr": ("tu-hrnet_w18_small", {"decoder_channels": 32}),
    "segmenter_linear": ("tu-test_vit", {}),
    "segmenter_mask": ("tu-test_vit", {}),
    "segnet": ("vgg11_bn", {}),
    "unet_paper": ("own", {"width": 8}),
}
"""Encoder and options of the architectures that need a particular kind of encoder, or have their own."""


def smallest(architecture: str) -> tuple[str, dict[str, Any]]:
    """Give the smallest encoder that an architecture takes, and options that make the rest small.

    Args:
        architecture: a name in the registry of networks.

    Example:
        >>> smallest("fpn"), smallest("segnet")
        (('tu-test_resnet', {}), ('vgg11_bn', {}))
    """
    encoder, options = PARTICULAR.get(architecture, (ANY, {}))
    return encoder, dict(options)
