import pytest
import timm
import torch

from severstal.errors import SeverstalError
from severstal.models.registry import build_model

TINY = "tu-vit_tiny_patch16_dinov3_qkvb"
OPTIONS = {"decoder_intermediate_channels": [8, 8, 8, 8], "decoder_fusion_channels": 16}


def test_the_head_reads_four_depths_of_a_dinov3_transformer():
    network = build_model("dinov3_dpt", TINY, options=OPTIONS)
    encoder = network.body.encoder
    assert type(encoder.model) is type(timm.create_model(TINY.removeprefix("tu-")))
    assert encoder._output_indices == [2, 5, 8, 11]
    assert encoder.model.num_prefix_tokens == 5  # a class token and four registers
    assert network(torch.randn(2, 1, 33, 70)).masks.shape == (2, 4, 33, 70)


def test_it_is_dpt():
    pictures = torch.randn(1, 1, 64, 96)
    masks = []
    for architecture in ("dinov3_dpt", "dpt"):
        torch.manual_seed(0)
        network = build_model(architecture, TINY, options=OPTIONS).eval()
        with torch.no_grad():
            masks.append(network(pictures).masks)
    assert torch.equal(*masks)


@pytest.mark.parametrize(
    ("encoder", "words"),
    [
        ("tu-test_vit", "'tu-test_vit' is no DINOv3 transformer: take 'tu-vit_.*dinov3"),
        ("tu-convnext_tiny", "no DINOv3 transformer"),
        ("tu-vit_smal_patch16_dinov3", "nearest known one is 'tu-vit_small_patch16_dinov3'"),
    ],
)
def test_another_encoder_is_one_line(encoder, words):
    with pytest.raises(SeverstalError, match=words) as caught:
        build_model("dinov3_dpt", encoder)
    assert "\n" not in str(caught.value)
