"""Tokens, embeddings, biases and norms are kept out of weight decay, as timm itself does it."""

import pytest
import timm
from timm.optim import param_groups_weight_decay

from severstal.models.decay import undecayed_weights
from severstal.models.encoders import flat_name
from severstal.models.network import encoder_of
from severstal.models.registry import build_model


@pytest.mark.parametrize(
    ("architecture", "encoder"),
    [
        ("segmenter_linear", "tu-test_vit"),
        ("dpt", "tu-test_vit2"),  # with register tokens
        ("dpt", "tu-vit_tiny_patch16_dinov3_qkvb"),
        ("fpn", "tu-test_maxvit"),  # tables of relative positions, in flattened stages
        pytest.param("fpn", "tu-swinv2_tiny_window8_256", marks=pytest.mark.slow),
        ("fpn", "tu-test_resnet"),
        ("unet", "tu-test_convnext"),
    ],
)
def test_the_encoder_is_decayed_as_timm_decays_the_whole_model(architecture, encoder):
    whole = timm.create_model(encoder.removeprefix("tu-"))
    listed = whole.no_weight_decay() if hasattr(whole, "no_weight_decay") else ()
    groups = param_groups_weight_decay(whole, 0.1, no_weight_decay_list=listed)
    decayed = {id(weight) for group in groups if group["weight_decay"] for weight in group["params"]}
    expected = {flat_name(name): id(weight) in decayed for name, weight in whole.named_parameters()}

    network = build_model(architecture, encoder)
    undecayed, prefix, compared = undecayed_weights(network), "body.encoder.", 0
    for name, _ in encoder_of(network).named_parameters():
        if flat_name(name) in expected:
            assert (prefix + name not in undecayed) == expected[flat_name(name)], name
            compared += 1
    assert compared > 20


def test_the_encoder_that_timm_wrapped_is_asked_too():
    network = build_model("fpn", "tu-test_maxvit")
    tables = {name for name, _ in network.named_parameters() if name.endswith("bias_table")}
    assert len(tables) == 8
    assert tables <= undecayed_weights(network)


def test_class_tokens_and_scales_of_the_mask_transformer():
    network = build_model("segmenter_mask", "tu-test_vit", options={"decoder_layers": 1})
    head = {name.removeprefix("body.segmentation_head.") for name in undecayed_weights(network)}
    assert {"embeddings", "logits.weight", "logits.bias"} <= head
    assert "enter.weight" not in head


def test_kernels_and_matrices_are_decayed():
    network = build_model("unet", "resnet18", class_head=True)
    undecayed = undecayed_weights(network)
    assert undecayed == {name for name, weight in network.named_parameters() if weight.ndim <= 1}
