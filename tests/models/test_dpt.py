"""DPT on vision transformers of any patch width, and on no other encoder."""

import warnings

import pytest
import segmentation_models_pytorch as smp
import torch

from severstal.errors import SeverstalError
from severstal.models.registry import build_model

SMALL = {"decoder_intermediate_channels": [8, 8, 8, 8], "decoder_fusion_channels": 16}


@pytest.mark.parametrize("encoder", ["tu-test_resnet", "tu-convnext_atto", "resnet18"])
def test_an_encoder_without_patches_is_one_line(encoder):
    with pytest.raises(
        SeverstalError, match=f"dpt on {encoder} .* cannot be built .*vision transformer"
    ) as error:
        build_model("dpt", encoder)
    assert "\n" not in str(error.value)


def test_a_vision_transformer_is_taken():
    network = build_model("dpt", "tu-test_vit").eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 1, 40, 56)).masks.shape == (1, 4, 40, 56)


def test_an_encoder_that_is_only_tried_leaves_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SeverstalError, match="its encoder has no patches"):
            build_model("dpt", "tu-test_resnet")
        with pytest.raises(SeverstalError, match="does not have prefix tokens"):  # it was asked for by name
            build_model("dpt", "tu-test_resnet", options={"decoder_readout": "add"})


@pytest.mark.parametrize(("patch", "stride"), [(8, 32), (12, 24), (14, 28), (16, 32), (32, 32)])
def test_patches_of_any_width(patch, stride):
    options = {**SMALL, "patch_size": patch}
    network = build_model("dpt", "tu-test_vit", class_head=True, options=options).eval()
    assert network.stride == stride
    with torch.inference_mode():
        output = network(torch.randn(2, 1, 70, 101))
        assert output.masks.shape == (2, 4, 70, 101)
        assert network.body(torch.zeros(1, 1, 2 * stride, 3 * stride))[0].shape == (
            1,
            4,
            2 * stride,
            3 * stride,
        )


def test_patches_of_fourteen_are_enlarged_as_those_of_sixteen():
    torch.manual_seed(0)
    network = build_model("dpt", "tu-test_vit", options={**SMALL, "patch_size": 14}).eval()
    encoder = network.body.encoder
    features = [torch.randn(1, channels, 4, 6) for channels in encoder.out_channels]
    wide = network.body.decoder(
        features,
        [None if not encoder.has_prefix_tokens else torch.zeros(1, 1, c) for c in encoder.out_channels],
    )
    assert wide.shape[-2:] == (4 * 8, 6 * 8)  # half of stride 16's picture
    assert network.body.segmentation_head(wide).shape[-2:] == (4 * 14, 6 * 14)


def test_patches_of_sixteen_are_smps_own():
    torch.manual_seed(0)
    ours = build_model("dpt", "tu-test_vit", options=SMALL).eval()
    theirs = smp.DPT(
        "tu-test_vit",
        encoder_weights=None,
        in_channels=1,
        classes=4,
        dynamic_img_size=True,
        num_classes=0,
        **SMALL,
    ).eval()
    theirs.load_state_dict(ours.body.state_dict())
    pictures = torch.randn(1, 1, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(ours(pictures).masks, theirs(pictures))


@pytest.mark.slow
def test_dinov2_is_taken_as_segmenter_takes_it():
    for architecture in ("dpt", "segmenter_linear"):
        network = build_model(architecture, "tu-vit_small_patch14_dinov2").eval()
        with torch.inference_mode():
            assert network(torch.zeros(1, 1, 64, 96)).masks.shape == (1, 4, 64, 96)
