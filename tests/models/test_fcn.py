import pytest
import torch
from torch.nn import functional

from severstal.models.fcn import FcnHead
from severstal.models.registry import build_model


def build(architecture):
    torch.manual_seed(0)
    return build_model(architecture, "tu-test_resnet").eval()


@pytest.mark.parametrize(
    ("architecture", "strides"), [("fcn32s", [32]), ("fcn16s", [16, 32]), ("fcn8s", [8, 16, 32])]
)
def test_scores_are_of_the_papers_strides(architecture, strides):
    network = build(architecture)
    seen = []
    for score in network.body.segmentation_head.scores:
        score.register_forward_hook(lambda _, __, scores: seen.append(128 // scores.shape[-1]))
    network(torch.zeros(1, 1, 64, 128))
    assert sorted(seen) == strides


@pytest.mark.parametrize("architecture", ["fcn16s", "fcn8s"])
def test_begins_as_the_network_without_skips(architecture):
    network = build(architecture)
    pictures = torch.randn(2, 1, 64, 128)
    coarse = network.body.segmentation_head.scores[-1](network.body.encoder(pictures)[-1])
    masks = coarse
    while masks.shape[-1] < 128 // (16 if architecture == "fcn16s" else 8):
        masks = functional.interpolate(masks, scale_factor=2, mode="bilinear")
    masks = functional.interpolate(masks, (64, 128), mode="bilinear")
    torch.testing.assert_close(network(pictures).masks, masks, atol=1e-5, rtol=1e-5)


def test_fcn32s_is_one_interpolation():
    network = build("fcn32s")
    pictures = torch.randn(2, 1, 64, 128)
    coarse = network.body.segmentation_head.scores[0](network.body.encoder(pictures)[-1])
    expected = functional.interpolate(coarse, scale_factor=32, mode="bilinear")
    torch.testing.assert_close(network(pictures).masks, expected)


def test_each_skip_carries_a_gradient_of_its_own():
    head = FcnHead([3, 5, 7], classes=2)
    with torch.no_grad():
        for score in head.scores[:-1]:
            score.weight.normal_()
    features = [torch.randn(1, 3, 8, 12), torch.randn(1, 5, 4, 6), torch.randn(1, 7, 2, 3)]
    features = [feature.requires_grad_() for feature in features]
    masks = head(features)
    weight = torch.randn_like(masks)
    (masks * weight).sum().backward()
    # The finest score is added as it is: its gradient is the masks' own, through a 1 x 1 convolution.
    expected = functional.conv_transpose2d(weight, head.scores[0].weight)
    torch.testing.assert_close(features[0].grad, expected)
    assert all(feature.grad.abs().sum() > 0 for feature in features)


def test_scores_are_summed():
    head = FcnHead([3, 5], classes=2)
    torch.nn.init.normal_(head.scores[0].weight)
    fine, deep = torch.randn(1, 3, 4, 6), torch.randn(1, 5, 2, 3)
    expected = head.upsamplings[0](head.scores[1](deep)) + head.scores[0](fine)
    torch.testing.assert_close(head([fine, deep]), expected)


def test_features_finer_than_the_scored_ones_are_not_used():
    head = FcnHead([5], classes=2)
    deep = torch.randn(1, 5, 2, 3)
    assert torch.equal(head([torch.randn(1, 3, 4, 6), deep]), head([deep]))
