"""DPT on what it is made for alone."""

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
