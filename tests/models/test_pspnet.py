"""All of the encoder, at stride 8; smp's own network where the options say so."""

import pytest
import segmentation_models_pytorch as smp
import torch

from severstal.models.mismatch import EncoderMismatch
from severstal.models.registry import build_model

SMALL = {"psp_out_channels": 8}


@pytest.mark.parametrize(
    ("options", "stride", "places"),
    [
        ({}, 8, 6),
        ({"encoder_output_stride": 16}, 16, 6),
        ({"encoder_output_stride": 32}, 32, 6),
        ({"encoder_depth": 3, "encoder_output_stride": 32}, 8, 4),
        ({"encoder_depth": 4}, 8, 5),
    ],
)
def test_depth_and_stride(options, stride, places):
    network = build_model("pspnet", "tu-test_resnet", options={**SMALL, **options}).eval()
    with torch.no_grad():
        features = network.body.encoder(torch.zeros(1, 1, 64, 96))
        masks = network(torch.randn(2, 1, 70, 101)).masks
    assert len(features) == places
    assert 64 // features[-1].shape[-2] == stride
    assert masks.shape == (2, 4, 70, 101)


def test_the_earlier_default_is_smps():
    torch.manual_seed(0)
    options = {**SMALL, "encoder_depth": 3, "encoder_output_stride": 32}
    ours = build_model("pspnet", "tu-test_resnet", options=options).eval()
    torch.manual_seed(0)
    theirs = smp.PSPNet("tu-test_resnet", encoder_weights=None, in_channels=1, classes=4, **SMALL).eval()
    theirs.load_state_dict(ours.body.state_dict())
    pictures = torch.randn(1, 1, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(ours(pictures).masks, theirs(pictures))


def test_every_stage_of_the_encoder_gets_a_gradient():
    network = build_model("pspnet", "tu-test_resnet", options=SMALL)
    assert all(weight.requires_grad for weight in network.body.encoder.parameters())


def test_an_encoder_that_cannot_be_dilated_names_both_repairs():
    with pytest.raises(
        EncoderMismatch, match=r"can be dilated, as resnet34, or .*encoder_output_stride = 32"
    ):
        build_model("pspnet", "vgg11_bn")
    network = build_model("pspnet", "vgg11_bn", options={**SMALL, "encoder_output_stride": 32})
    assert network(torch.zeros(2, 1, 64, 96)).masks.shape == (2, 4, 64, 96)
