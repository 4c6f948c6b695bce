from collections.abc import Callable

import pytest
import torch

from severstal.models.registry import Network, build_model

MOST = ("tu-test_resnet", {})
DPT = {"decoder_intermediate_channels": [8, 8, 8, 8], "decoder_fusion_channels": 16}
SMALL = {  # the smallest encoder of an architecture and its options, where they are not those of most
    "dinov3_dpt": ("tu-vit_tiny_patch16_dinov3_qkvb", DPT),
    "dpt": ("tu-test_vit", DPT),
    "hrnet": ("tu-hrnet_w18_small", {}),
    "hrnet_ocr": ("tu-hrnet_w18_small", {"decoder_channels": 32}),
    "segmenter_linear": ("tu-test_vit", {}),
    "segmenter_mask": ("tu-test_vit", {}),
    "segnet": ("vgg11_bn", {}),
    "unet_paper": ("own", {"width": 8}),
}


@pytest.fixture(scope="session")
def small() -> Callable[..., Network]:
    """Build an architecture as small as it gets; further settings are those of `build_model`."""

    def build(architecture: str, seed: int = 0, **settings) -> Network:
        encoder, options = SMALL.get(architecture, MOST)
        torch.manual_seed(seed)
        return build_model(architecture, encoder, options=options, **settings)

    return build
