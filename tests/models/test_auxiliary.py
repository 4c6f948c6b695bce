import copy

import pytest
import torch
from torch import nn

from severstal.errors import SeverstalError
from severstal.losses.registry import build_loss
from severstal.models.auxiliary import AuxiliaryHeads
from severstal.models.mismatch import EncoderMismatch
from severstal.models.network import DeepOutput, Network, Output, supervise
from severstal.models.registry import architectures, build_model

OWN_LOSS = {"classical", "maskrcnn"}  # it knows of no coarser masks


class Uneven(nn.Module):
    """Masks of one convolution; an encoder beside it, whose convolution has no padding."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 8, 9, stride=8), Listed())
        self.head = nn.Conv2d(1, 4, 1)

    def forward(self, pictures):
        self.encoder(pictures)
        return self.head(pictures)


class Listed(nn.Module):
    """One feature, as encoders give several."""

    def forward(self, feature):
        return [feature]


def tiny(architecture="unet", deep=True, encoder="tu-test_resnet", **settings):
    torch.manual_seed(0)
    return build_model(architecture, encoder, deep_supervision=deep, **settings)


@pytest.mark.parametrize("architecture", sorted(set(architectures()) - OWN_LOSS))
def test_every_architecture_has_coarser_outputs_in_training_only(small, architecture):
    network = small(architecture, deep_supervision=True, classes=3, class_head=True)
    pictures = torch.randn(2, 1, 128, 160)
    output = network(pictures)
    assert isinstance(output, DeepOutput)
    assert output.masks.shape == (2, 3, 128, 160)
    assert output.classes.shape == (2, 3)
    widths = [logits.shape[-1] for logits in output.auxiliary]
    assert widths == sorted(set(widths), reverse=True)  # finest first, each stride once
    assert set(widths) <= {40, 20, 10, 5}  # 40 for the soft regions of hrnet_ocr alone
    assert all(logits.shape[:2] == (2, 3) for logits in output.auxiliary)
    assert type(network.eval()(pictures)) is Output


@pytest.mark.parametrize("encoder", ["resnet18", "tu-test_convnext", "mit_b0", "vgg11_bn", "efficientnet-b0"])
def test_every_kind_of_encoder_has_strides_8_16_32(encoder):
    network = tiny("unet", encoder=encoder)
    with torch.no_grad():
        output = network(torch.randn(2, 1, 64, 96))
    assert [tuple(logits.shape) for logits in output.auxiliary] == [(2, 4, 8, 12), (2, 4, 4, 6), (2, 4, 2, 3)]


def test_a_dilated_encoder_is_supervised_where_it_is_deepest():
    network = tiny("deeplab_v3", encoder="resnet18")  # its last three features are all of stride 8
    assert [head.in_channels for head in network.auxiliary.heads] == [512]


def test_in_evaluation_nothing_changes():
    plain, deep = tiny(deep=False), tiny()
    pictures = torch.randn(2, 1, 70, 101)
    assert {**plain.state_dict(), **deep.state_dict()}.keys() == deep.state_dict().keys()
    assert len(deep.state_dict()) == len(plain.state_dict()) + 6
    calls = []
    for head in deep.auxiliary.heads:
        head.register_forward_hook(lambda *_: calls.append(1))
    with torch.inference_mode():
        assert torch.equal(plain.eval()(pictures).masks, deep.eval()(pictures).masks)
    assert not calls
    assert deep.auxiliary._kept == ()


def test_masks_in_training_are_those_of_the_plain_network():
    pictures = torch.randn(2, 1, 64, 96)
    assert torch.equal(tiny(deep=False)(pictures).masks, tiny()(pictures).masks)


def test_heads_are_1x1_convolutions_of_the_encoders_features():
    network = tiny().train()
    features = []
    network.body.encoder.register_forward_hook(lambda _, __, result: features.extend(result))
    output = network(torch.randn(2, 1, 64, 96))
    for head, logits, feature in zip(network.auxiliary.heads, output.auxiliary, features[3:], strict=True):
        torch.testing.assert_close(logits, head(feature))


def test_gradients_reach_only_the_heads_and_through_them_the_encoder():
    network = tiny()
    sum(logits.mean() for logits in network(torch.randn(2, 1, 64, 96)).auxiliary).backward()
    assert all(weight.grad is not None for weight in network.auxiliary.parameters())
    assert all(weight.grad is not None for weight in network.body.encoder.parameters())
    assert all(weight.grad is None for weight in network.body.decoder.parameters())
    assert all(weight.requires_grad for weight in network.parameters())


def test_squares_beyond_the_picture_are_cut_off():
    output = tiny("pan", encoder="resnet18")(torch.randn(2, 1, 70, 101))  # inside it is 128 x 128
    assert [tuple(logits.shape[2:]) for logits in output.auxiliary] == [(9, 13), (5, 7)]


@pytest.mark.parametrize(
    ("architecture", "encoder", "options", "size", "covered"),
    [
        ("segmenter_linear", "tu-test_vit", {"patch_size": 14}, (70, 101), [(70, 112)]),
        ("segmenter_linear", "tu-test_vit", {"patch_size": 14}, (128, 64), [(140, 70)]),
        ("pan", "resnet18", {}, (70, 101), [(72, 104), (80, 112)]),
        ("unet", "tu-test_resnet", {}, (64, 96), [(64, 96)] * 3),
    ],
)
def test_each_output_has_the_size_that_it_covers(architecture, encoder, options, size, covered):
    """A grid of whole squares, the last of which hold some of the picture."""
    output = tiny(architecture, encoder=encoder, options=options)(torch.randn(2, 1, *size))
    assert list(output.covered) == covered
    for logits, sides in zip(output.auxiliary, covered, strict=True):
        strides = {side / count for side, count in zip(sides, logits.shape[2:], strict=True)}
        assert len(strides) == 1
        stride = strides.pop()
        assert all(side - stride < length <= side for side, length in zip(sides, size, strict=True))


@pytest.mark.parametrize("size", [(70, 101), (128, 64), (33, 47), (256, 400)])
@pytest.mark.parametrize("patch", [14, 16, 20])
def test_the_loss_takes_any_patch(patch, size):
    network = tiny("segmenter_linear", encoder="tu-test_vit", options={"patch_size": patch})
    masks = (torch.rand(2, 4, *size) > 0.9).float()
    loss = build_loss({"bce": 1, "dice": 1}, deep_supervision=0.4)(network(torch.randn(2, 1, *size)), masks)
    loss.backward()
    assert loss.isfinite()


def test_features_that_divide_the_picture_unevenly_cover_all_of_it():
    """An encoder without padding: 62 x 94 become 7 x 11, whose sides are no whole number of pixels."""
    network = Network(Uneven(), stride=2)
    supervise(network, channels=1, classes=4, bias=0.0)
    output = network(torch.randn(2, 1, 61, 94))
    assert output.auxiliary[0].shape == (2, 4, 7, 11)
    assert output.covered == ((62, 94),)
    loss = build_loss({"bce": 1.0}, deep_supervision=1.0)(output, torch.ones(2, 4, 61, 94))
    assert loss.isfinite()


def test_a_copy_keeps_its_own_features():
    network = tiny()
    other = copy.deepcopy(network)
    pictures = torch.randn(2, 1, 64, 64)
    first = network(pictures).auxiliary
    with torch.no_grad():
        for weight in other.body.encoder.parameters():
            weight.zero_()
    second = other(pictures).auxiliary
    assert not torch.equal(first[0], second[0])
    assert torch.equal(network(pictures).auxiliary[0], first[0])


def test_features_are_not_kept_from_step_to_step():
    network = tiny()
    network(torch.randn(2, 1, 64, 64))
    assert network.auxiliary._kept == ()


def test_an_encoder_without_coarse_features_is_one_line():
    with pytest.raises(SeverstalError, match="no feature of stride 8 or more") as caught:
        build_model(
            "unet",
            "tu-test_resnet",
            options={"encoder_depth": 2, "decoder_channels": [16, 8]},
            deep_supervision=True,
        )
    assert "\n" not in str(caught.value)
    with pytest.raises(EncoderMismatch, match="no feature"):
        AuxiliaryHeads(nn.Identity(), torch.zeros(1, 1, 64, 64), 4)


@pytest.mark.slow
def test_compiled_is_eager():
    network = tiny()
    pictures = torch.randn(2, 1, 64, 64)
    eager = network(pictures)
    compiled = torch.compile(copy.deepcopy(network), backend="aot_eager")(pictures)
    for one, other in zip(eager.auxiliary, compiled.auxiliary, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
