import pytest
import torch
from torch import nn
from torch.nn import functional

from severstal.models.ksac import SharedKernel
from severstal.models.registry import build_model


def test_one_weight_tensor_whatever_the_rates():
    for rates in ((6,), (6, 12, 18), (1, 2, 3, 4, 5)):
        layer = SharedKernel(8, 4, rates, dropout=0.0)
        kernels = [weight for weight in layer.parameters() if weight.shape[2:] == (3, 3)]
        assert len(kernels) == 1
        assert kernels[0].shape == (4, 8, 3, 3)
        assert len(layer.branches(torch.zeros(1, 8, 5, 9))) == len(rates)


def test_the_gradient_is_the_sum_over_branches():
    torch.manual_seed(0)
    rates = (1, 2, 3)
    layer = SharedKernel(3, 2, rates, dropout=0.0).double()
    feature = torch.randn(1, 3, 9, 11, dtype=torch.float64)
    weights = [torch.randn(1, 2, 9, 11, dtype=torch.float64) for _ in rates]
    sum(
        (branch * weight).sum() for branch, weight in zip(layer.branches(feature), weights, strict=True)
    ).backward()
    apart = torch.zeros_like(layer.weight)
    for rate, weight in zip(rates, weights, strict=True):
        kernel = layer.weight.detach().clone().requires_grad_()
        (functional.conv2d(feature, kernel, padding=rate, dilation=rate) * weight).sum().backward()
        apart += kernel.grad
        assert kernel.grad.abs().sum() > 0
    torch.testing.assert_close(layer.weight.grad, apart)


@pytest.mark.parametrize("rates", [(6,), (6, 12, 18)])
def test_an_impulse_reaches_exactly_the_places_that_the_rates_say(rates):
    layer = SharedKernel(1, 1, rates, dropout=0.0)
    nn.init.ones_(layer.weight)
    impulse = torch.zeros(1, 1, 41, 41)
    impulse[..., 20, 20] = 1
    for rate, branch in zip(rates, layer.branches(impulse), strict=True):
        found = {(int(row) - 20, int(column) - 20) for row, column in branch[0, 0].nonzero()}
        assert found == {(rate * row, rate * column) for row in (-1, 0, 1) for column in (-1, 0, 1)}


def test_the_formula():
    torch.manual_seed(0)
    layer = SharedKernel(3, 4, (1, 2), dropout=0.5).eval()
    for norm in (part for part in layer.modules() if isinstance(part, nn.BatchNorm2d)):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    feature = torch.randn(2, 3, 5, 7)
    expected = layer.point(feature) + layer.mean[2](layer.mean[1](feature.mean((2, 3), keepdim=True)))
    for rate, norm in zip((1, 2), layer.norms, strict=True):
        expected = expected + norm(functional.conv2d(feature, layer.weight, padding=rate, dilation=rate))
    torch.testing.assert_close(layer(feature), expected.relu())


def test_fewer_weights_than_the_pyramid_that_it_stands_for():
    options = {"decoder_channels": 16}
    ours = build_model("ksac", "tu-test_resnet", options=options)
    pyramid = build_model(
        "deeplab_v3plus", "tu-test_resnet", options={**options, "decoder_aspp_separable": False}
    )

    def kernels(network):
        return sum(
            weight.numel()
            for weight in network.body.decoder.aspp[0].parameters()
            if weight.shape[2:] == (3, 3)
        )

    assert 3 * kernels(ours) == kernels(pyramid)


def test_options():
    options = {"decoder_channels": 8, "decoder_atrous_rates": [1, 2], "encoder_output_stride": 8}
    network = build_model("ksac", "resnet18", options=options)
    assert network.body.decoder.aspp[0].rates == (1, 2)
    assert network.stride == 8
    assert network.eval()(torch.zeros(1, 1, 40, 56)).masks.shape == (1, 4, 40, 56)
