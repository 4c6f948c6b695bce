import pytest
import torch
from torch import nn

from severstal.errors import SeverstalError
from severstal.models.registry import build_model
from severstal.models.unet_paper import ContractingPath, DoubleConvolution


def build(options=None, encoder="own", weights="none", **settings):
    torch.manual_seed(0)
    return build_model("unet_paper", encoder, weights, options={"width": 4, **(options or {})}, **settings)


def test_the_papers_layers():
    with torch.device("meta"):
        encoder = ContractingPath(1, 64, 0.5)
    assert encoder.out_channels == [64, 128, 256, 512, 1024]
    sizes = [
        (layer.in_channels, layer.out_channels) for layer in encoder.modules() if isinstance(layer, nn.Conv2d)
    ]
    assert sizes[:4] == [(1, 64), (64, 64), (64, 128), (128, 128)]
    assert sizes[-1] == (1024, 1024)


@pytest.mark.slow
def test_its_23_convolutions_hold_31_million_weights():
    network = build_model("unet_paper", "own", classes=2)
    layers = [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.ConvTranspose2d)]
    assert len(layers) == 23  # section 2
    assert all(layer.kernel_size in {(1, 1), (2, 2), (3, 3)} for layer in layers)
    assert sum(weight.numel() for weight in network.parameters()) == 31_030_658


@pytest.mark.parametrize("upsampling", ["learned", "bilinear"])
def test_both_ways_up(upsampling):
    network = build({"upsampling": upsampling}, class_head=True)
    transposed = [part for part in network.modules() if isinstance(part, nn.ConvTranspose2d)]
    assert len(transposed) == (4 if upsampling == "learned" else 0)
    output = network(torch.randn(2, 1, 37, 70))
    assert output.masks.shape == (2, 4, 37, 70)
    assert network.stride == 16


@pytest.mark.parametrize("place", range(4))
def test_every_feature_reaches_the_masks_by_its_skip(place):
    network = build({"dropout": 0.0})
    body = network.body
    features = body.encoder(torch.randn(1, 1, 32, 48))
    before = body.decoder(features)
    features[place] = features[place] + 1
    assert not torch.allclose(body.decoder(features), before)


def test_variance_begins_as_in_the_paper():
    torch.manual_seed(0)
    layer = DoubleConvolution(64, 128).second
    assert layer.weight.std().item() == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.02)


def test_the_deepest_feature_drops_in_training_only():
    encoder = ContractingPath(1, 4, dropout=0.5)
    pictures = torch.randn(1, 1, 64, 64)
    torch.manual_seed(0)
    dropped = (encoder(pictures)[-1] == 0).float().mean()
    assert dropped > (encoder.eval()(pictures)[-1] == 0).float().mean() + 0.1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"encoder": "resnet18"}, 'encoder_name is \'resnet18\'.*set it to "own", or architecture to "unet"'),
        ({"weights": "imagenet"}, "encoder_weights 'imagenet' .*set it to \"none\""),
        ({"options": {"upsampling": "nearest"}}, "'upsampling' is 'nearest': give"),
        ({"options": {"widht": 8}}, "'widht' is unknown: the nearest known one is 'width'"),
        ({"options": {"width": -8}}, "'width' is -8: give a whole number"),
    ],
)
def test_an_impossible_one_is_one_line(settings, words):
    with pytest.raises(SeverstalError, match=words) as caught:
        build(**settings)
    assert "\n" not in str(caught.value)


def test_own_is_no_encoder_of_others():
    with pytest.raises(SeverstalError, match="encoder_name 'own' is unknown"):
        build_model("unet", "own")
