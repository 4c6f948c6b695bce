"""The smallest encoder of each architecture: for laptops, notebooks and tests."""

from collections.abc import Mapping
from typing import Any

from severstal.models.encoders import OWN_ENCODER

ANY = "tu-test_resnet"  # the smallest that nearly every architecture takes
PARTICULAR: Mapping[str, str] = {
    "classical": OWN_ENCODER,
    "dinov3_dpt": "tu-vit_tiny_patch16_dinov3_qkvb",
    "dpt": "tu-test_vit",
    "hrnet": "tu-hrnet_w18_small",
    "hrnet_ocr": "tu-hrnet_w18_small",
    "segmenter_linear": "tu-test_vit",
    "segmenter_mask": "tu-test_vit",
    "segnet": "vgg11_bn",
    "unet_paper": OWN_ENCODER,
}
"""Encoders of the architectures that need or are made for a particular kind of encoder, or have their own."""

_DPT = {"decoder_intermediate_channels": [8, 8, 8, 8], "decoder_fusion_channels": 16}
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "dinov3_dpt": _DPT,
    "dpt": _DPT,
    "hrnet_ocr": {"decoder_channels": 32},
    "maskrcnn": {"channels": 16},
    "unet_paper": {"width": 8},
}


def smallest(architecture: str) -> tuple[str, dict[str, Any]]:
    """Return the smallest encoder that an architecture takes, and options that make its decoder small.

    Args:
        architecture: a name in the registry of networks.

    Example:
        >>> smallest("fpn"), smallest("segnet")
        (('tu-test_resnet', {}), ('vgg11_bn', {}))
    """
    return PARTICULAR.get(architecture, ANY), dict(_OPTIONS.get(architecture, {}))
