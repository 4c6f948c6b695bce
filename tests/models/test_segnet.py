import pytest
import segmentation_models_pytorch as smp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from severstal.errors import SeverstalError
from severstal.models import segnet
from severstal.models.registry import build_model
from severstal.models.segnet import IndexedVgg, SegNet, unpool


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return SegNet("vgg11_bn", None, 1, 4).eval()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**31))
def test_maxima_go_back_to_where_they_were(height, width, seed):
    feature = torch.randn(2, 3, 2 * height, 2 * width, generator=torch.Generator().manual_seed(seed))
    pooled, places = functional.max_pool2d(feature, 2, 2, return_indices=True)
    back = unpool(pooled, places)
    assert torch.equal(back, functional.max_unpool2d(pooled, places, 2))
    largest = functional.interpolate(pooled, scale_factor=2, mode="nearest") == feature
    assert torch.equal(back, torch.where(largest, feature, 0.0))
    assert torch.equal(functional.max_pool2d(back.abs(), 2), pooled.abs())


def test_only_the_maxima_have_a_gradient():
    feature = torch.randn(1, 2, 4, 6, requires_grad=True)
    pooled, places = functional.max_pool2d(feature, 2, 2, return_indices=True)
    unpool(pooled, places).sum().backward()
    assert feature.grad.sum() == pooled.numel()
    assert torch.equal(feature.grad.bool(), unpool(pooled, places) != 0)


def test_features_are_smps_and_indices_point_at_them(network):
    torch.manual_seed(0)
    theirs = smp.encoders.get_encoder("vgg11_bn", in_channels=1, weights=None).eval()
    theirs.load_state_dict(network.encoder.state_dict())
    pictures = torch.randn(2, 1, 64, 96)
    with torch.inference_mode():
        features, indices = network.encoder(pictures)
        expected = theirs(pictures)
    assert len(indices) == 5
    for ours, smps in zip(features, expected, strict=True):
        assert torch.equal(ours, smps)
    stages = [nn.MaxPool2d(2, return_indices=True)(feature) for feature in features[:-1]]
    for (_, places), index in zip(stages, indices, strict=True):
        assert torch.equal(places, index)


def test_the_decoder_gets_exactly_the_encoders_indices(network, monkeypatch):
    used = []

    def watch(feature, places):
        used.append(places)
        return unpool(feature, places)

    monkeypatch.setattr(segnet, "unpool", watch)
    kept = []
    hook = network.encoder.register_forward_hook(lambda _, __, result: kept.extend(result[1]))
    with torch.inference_mode():
        network(torch.randn(1, 1, 64, 96))
    hook.remove()
    assert [id(places) for places in used] == [id(places) for places in kept[::-1]]


def test_other_places_give_other_masks(network, monkeypatch):
    pictures = torch.randn(1, 1, 32, 32)
    with torch.inference_mode():
        before = network(pictures)
        monkeypatch.setattr(
            segnet, "unpool", lambda feature, _: functional.interpolate(feature, scale_factor=2)
        )
        assert not torch.allclose(network(pictures), before)


@pytest.mark.parametrize("name", ["vgg11", "vgg16_bn"])
def test_the_decoder_mirrors_the_encoder(name):
    with torch.device("meta"):
        model = SegNet(name, None, 1, 4)
    down = [
        (part.in_channels, part.out_channels)
        for part in model.encoder.modules()
        if isinstance(part, nn.Conv2d)
    ]
    up = [
        (part.in_channels, part.out_channels)
        for part in model.decoder.modules()
        if isinstance(part, nn.Conv2d)
    ]
    up.append((model.segmentation_head.in_channels, 1))  # in place of the picture
    assert up == [(after, before) for before, after in down[::-1]]


@pytest.mark.slow
def test_pretrained_weights_are_loaded(tmp_path):
    torch.manual_seed(0)
    published = smp.encoders.get_encoder("vgg11_bn", weights=None)
    save_file(published.state_dict(), tmp_path / "model.safetensors")
    network = build_model("segnet", "vgg11_bn", str(tmp_path / "model.safetensors"))
    assert isinstance(network.body.encoder, IndexedVgg)
    expected = published.state_dict()
    for key, tensor in network.body.encoder.state_dict().items():
        whole = expected[key].sum(1, keepdim=True) if key == "features.0.weight" else expected[key]
        torch.testing.assert_close(tensor, whole)


@pytest.mark.parametrize("encoder", ["resnet18", "tu-test_resnet", "tu-vgg11"])
def test_another_encoder_is_refused(encoder):
    with pytest.raises(SeverstalError, match=r"segnet on .* needs a VGG .*vgg16_bn"):
        build_model("segnet", encoder)
