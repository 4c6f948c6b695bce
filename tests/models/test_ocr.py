import copy

import numpy as np
import pytest
import torch

from severstal.errors import SeverstalError
from severstal.models.network import DeepOutput, Output
from severstal.models.ocr import ObjectContext, region_features
from severstal.models.registry import build_model


def ocr(**settings):
    torch.manual_seed(0)
    return build_model("hrnet_ocr", "tu-test_resnet", options={"decoder_channels": 16}, **settings)


def test_a_regions_features_are_the_pixels_mean_by_how_much_they_belong_to_it():
    torch.manual_seed(0)
    pixels, regions = torch.randn(2, 5, 4, 3), 3 * torch.randn(2, 2, 4, 3)
    found = region_features(pixels, regions)
    assert found.shape == (2, 5, 2, 1)
    for picture in range(2):
        for region in range(2):
            weights = np.exp(regions[picture, region].double().numpy())
            expected = (pixels[picture].double().numpy() * weights).sum((1, 2)) / weights.sum()
            np.testing.assert_allclose(found[picture, :, region, 0], expected, rtol=1e-5, atol=1e-6)


def test_a_region_of_one_pixel_has_its_features():
    pixels, regions = torch.randn(1, 5, 4, 3), torch.full((1, 1, 4, 3), -1e4)
    regions[0, 0, 2, 1] = 1e4
    torch.testing.assert_close(region_features(pixels, regions)[0, :, 0, 0], pixels[0, :, 2, 1])


@pytest.mark.parametrize("training", [True, False])
def test_the_context_is_a_convex_combination_of_the_regions_features(training):
    torch.manual_seed(0)
    context = ObjectContext(32).train(training)
    pixels, regions = torch.randn(2, 32, 4, 6), torch.randn(2, 32, 3, 1)
    relation = context.relation(pixels, regions)
    assert relation.shape == (2, 24, 3)
    assert (relation >= 0).all()
    torch.testing.assert_close(relation.sum(2), torch.ones(2, 24))
    assert relation.std(dim=1).min() > 0  # pixels differ in what they are made of

    combined = []
    context.up.register_forward_pre_hook(lambda _, inputs: combined.append(inputs[0]))
    context(pixels, regions)
    values = context.value(regions)  # (N, 16, 3, 1)
    expected = torch.einsum("npk,ndk->ndp", relation, values[..., 0]).reshape(2, 16, 4, 6)
    torch.testing.assert_close(combined[0], expected)
    assert (combined[0] <= values.amax(2, keepdim=True) + 1e-6).all()
    assert (combined[0] >= values.amin(2, keepdim=True) - 1e-6).all()


def test_one_region_is_the_context_of_all_pixels():
    context = ObjectContext(8).eval()
    result = context(torch.randn(1, 8, 4, 6), torch.randn(1, 8, 1, 1))
    torch.testing.assert_close(result, result[..., :1, :1].expand_as(result))


def test_there_is_a_region_a_class_and_one_for_the_rest():
    network = ocr(classes=3)
    assert network.body.segmentation_head.regions[-1].out_channels == 4
    assert network(torch.randn(2, 1, 64, 96)).masks.shape == (2, 3, 64, 96)


def test_soft_regions_come_first_of_the_coarser_outputs():
    network = ocr(classes=3, deep_supervision=True)
    regions = []
    network.body.segmentation_head.regions.register_forward_hook(lambda _, __, result: regions.append(result))
    output = network(torch.randn(2, 1, 70, 101))
    assert type(output) is DeepOutput
    assert [tuple(logits.shape[2:]) for logits in output.auxiliary] == [(18, 26), (9, 13), (5, 7), (3, 4)]
    assert torch.equal(output.auxiliary[0], regions[0][:, :3, :18, :26])
    assert network._kept == ()


def test_the_regions_are_trained_by_their_own_output_only():
    network = ocr(deep_supervision=True)
    network(torch.randn(2, 1, 64, 96)).auxiliary[0].mean().backward()
    assert all(weight.grad is not None for weight in network.body.segmentation_head.regions.parameters())
    assert all(weight.grad is None for weight in network.body.segmentation_head.context.parameters())
    assert all(weight.grad is not None for weight in network.body.encoder.parameters())


def test_without_deep_supervision_regions_are_trained_through_the_masks_and_not_kept():
    network = ocr()
    output = network(torch.randn(2, 1, 64, 96))
    assert type(output) is Output
    assert network._kept == ()
    output.masks.square().mean().backward()
    assert all(
        weight.grad.abs().sum() > 0 for weight in network.body.segmentation_head.regions[0].parameters()
    )


def test_a_copy_keeps_its_own_regions():
    network = ocr(deep_supervision=True)
    other = copy.deepcopy(network)
    pictures = torch.randn(2, 1, 64, 64)
    first = network(pictures).auxiliary[0]
    with torch.no_grad():
        other.body.segmentation_head.regions[-1].bias += 1
    torch.testing.assert_close(other(pictures).auxiliary[0], first + 1, atol=1e-4, rtol=1e-4)
    assert network._kept == ()


def test_an_odd_option_is_one_line():
    with pytest.raises(
        SeverstalError, match=r"'decoder_chanels' is unknown: .* 'decoder_channels'"
    ) as caught:
        build_model("hrnet_ocr", "resnet18", options={"decoder_chanels": 16})
    assert "\n" not in str(caught.value)
