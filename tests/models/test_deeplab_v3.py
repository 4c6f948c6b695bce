"""The rates suit the stride, unless they are given; the rest is smp's own network."""

import pytest
import segmentation_models_pytorch as smp
import torch

from severstal.models.deeplab_v3 import atrous_rates
from severstal.models.registry import build_model

SMALL = {"decoder_channels": 8}


def rates_of(network) -> list[int]:
    aspp = network.body.decoder.aspp
    convs = aspp.convs if hasattr(aspp, "convs") else aspp[0].convs
    kernels = [
        part for part in convs.modules() if isinstance(part, torch.nn.Conv2d) and part.kernel_size == (3, 3)
    ]
    return [kernel.dilation[0] for kernel in kernels]


@pytest.mark.parametrize("architecture", ["deeplab_v3", "deeplab_v3plus"])
@pytest.mark.parametrize(("stride", "rates"), [(16, [6, 12, 18]), (8, [12, 24, 36])])
def test_rates_by_the_stride(architecture, stride, rates):
    network = build_model(architecture, "tu-test_resnet", options={**SMALL, "encoder_output_stride": stride})
    assert rates_of(network) == rates
    # As far in pixels of the picture, whatever the stride.
    assert [stride * rate for rate in rates] == [96, 192, 288]


@pytest.mark.parametrize(("architecture", "stride"), [("deeplab_v3", 8), ("deeplab_v3plus", 16)])
def test_the_strides_of_the_papers(architecture, stride):
    network = build_model(architecture, "tu-test_resnet", options=SMALL)
    assert rates_of(network) == list(atrous_rates(stride))
    with torch.no_grad():
        assert network.body.encoder(torch.zeros(1, 1, 64, 64))[-1].shape[-1] == 64 // stride


def test_given_rates_are_kept():
    options = {**SMALL, "decoder_atrous_rates": [1, 2, 3]}
    assert rates_of(build_model("deeplab_v3plus", "tu-test_resnet", options=options)) == [1, 2, 3]


def test_is_smps_own_network_with_these_rates():
    torch.manual_seed(0)
    ours = build_model("deeplab_v3plus", "tu-test_resnet", options=SMALL).eval()
    torch.manual_seed(0)
    theirs = smp.DeepLabV3Plus(
        "tu-test_resnet",
        encoder_weights=None,
        in_channels=1,
        classes=4,
        decoder_atrous_rates=(6, 12, 18),
        **SMALL,
    ).eval()
    torch.nn.init.constant_(theirs.segmentation_head[0].bias, ours.body.segmentation_head[0].bias[0].item())
    pictures = torch.randn(1, 1, 128, 192)
    with torch.inference_mode():
        torch.testing.assert_close(ours(pictures).masks, theirs(pictures))
