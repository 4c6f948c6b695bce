import pytest
import torch
from torch import nn

from severstal.errors import SeverstalError
from severstal.models.deeplab import LargeFieldOfView, SummedPyramid
from severstal.models.registry import build_model


def touched(layer, size=61):
    """Rows and columns, from the middle, of the places that one pixel in the middle reaches."""
    impulse = torch.zeros(1, 1, size, size)
    impulse[..., size // 2, size // 2] = 1
    with torch.no_grad():
        response = layer(impulse)[0].abs().amax(0)
    return {(int(row) - size // 2, int(column) - size // 2) for row, column in response.nonzero()}


@pytest.mark.parametrize("rate", [1, 6, 12, 24])
def test_an_impulse_reaches_exactly_the_taps_of_the_rate(rate):
    layer = LargeFieldOfView(1, 8, rate, dropout=0.0)[0]
    nn.init.ones_(layer.weight)
    assert touched(layer) == {(rate * row, rate * column) for row in (-1, 0, 1) for column in (-1, 0, 1)}


def test_the_pyramid_reads_all_rates_and_nowhere_else():
    rates = (6, 12, 18, 24)
    head = SummedPyramid(1, 2, 4, rates, dropout=0.0)
    for weight in head.parameters():
        nn.init.ones_(weight) if weight.ndim > 1 else nn.init.zeros_(weight)
    around = {(rate * row, rate * column) for rate in rates for row in (-1, 0, 1) for column in (-1, 0, 1)}
    assert touched(lambda impulse: head([impulse])) == around


def test_branches_are_summed():
    torch.manual_seed(0)
    head = SummedPyramid(3, 2, 4, (1, 2), dropout=0.0)
    feature = torch.randn(2, 3, 7, 9)
    expected = sum(score(branch(feature)) for branch, score in zip(head.branches, head.scores, strict=True))
    torch.testing.assert_close(head([feature]), expected)
    assert [score.bias is not None for score in head.scores] == [False, True]


@pytest.mark.parametrize(("architecture", "rates"), [("deeplab_v1", [12]), ("deeplab_v2", [6, 12, 18, 24])])
@pytest.mark.parametrize("encoder", ["resnet18", "tu-test_resnet", "tu-test_convnext"])
def test_the_papers_rates_at_stride_8(architecture, rates, encoder):
    network = build_model(architecture, encoder, options={"decoder_channels": 4}).eval()
    head = network.body.segmentation_head
    assert [branch[0].dilation for branch in head.branches] == [(rate, rate) for rate in rates]
    assert network.stride == 8
    features = network.body.encoder(torch.zeros(1, 1, 64, 96))
    assert features[-1].shape[2:] == (8, 12)


def test_widths_are_the_papers_unless_set():
    head = build_model("deeplab_v1", "tu-test_resnet").body.segmentation_head
    assert [layer.out_channels for layer in head.branches[0] if isinstance(layer, nn.Conv2d)] == [1024, 1024]
    assert [layer.p for layer in head.branches[0] if isinstance(layer, nn.Dropout)] == [0.5, 0.5]


def test_options():
    options = {"decoder_atrous_rates": [2, 3], "decoder_dropout": 0.1, "decoder_channels": 4}
    head = build_model("deeplab_v2", "tu-test_resnet", options=options).body.segmentation_head
    assert [branch[0].dilation for branch in head.branches] == [(2, 2), (3, 3)]
    with pytest.raises(SeverstalError, match=r"'decoder_atrous_rats' is unknown: .* 'decoder_atrous_rates'"):
        build_model("deeplab_v2", "resnet18", options={"decoder_atrous_rats": [2]})


@pytest.mark.parametrize("architecture", ["deeplab_v1", "deeplab_v2"])
def test_an_encoder_that_does_not_dilate_is_one_line(architecture):
    with pytest.raises(SeverstalError, match=r"vgg11_bn .*cannot be built .*can be dilated, as resnet34"):
        build_model(architecture, "vgg11_bn")
