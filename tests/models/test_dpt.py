"""DPT on what it is made for alone."""

import warnings

import pytest
import torch

from severstal.errors import SeverstalError
from severstal.models.registry import build_model


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
