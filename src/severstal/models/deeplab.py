"""The first two DeepLabs: a dilated encoder of stride 8, and convolutions with a large field of view."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from severstal.models.body import Body
from severstal.models.encoders import new_encoder
from severstal.models.options import check_dropout, check_rates, check_whole

_OUTPUT_STRIDE = 8


class LargeFieldOfView(nn.Sequential):
    """A 3 x 3 convolution of dilation `rate`, and one of 1 x 1: VGG's fc6 and fc7 as convolutions.

    y(p) = sum over k in {-1, 0, 1}^2 of W(k) x(p + rate k): its field of view is 2 rate + 1 wide at the cost
    of 3 x 3 (Chen 2015, section 3).

    Args:
        before: channels of the feature.
        width: channels of both convolutions.
        rate: dilation in pixels of the feature.
        dropout: dropout rate after each of them.
    """

    def __init__(self, before: int, width: int, rate: int, dropout: float) -> None:
        layers = [
            nn.Conv2d(before, width, 3, padding=rate, dilation=rate),
            nn.Conv2d(width, width, 1),
        ]
        for layer in layers:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        super().__init__(layers[0], nn.ReLU(), nn.Dropout(dropout), layers[1], nn.ReLU(), nn.Dropout(dropout))


class SummedPyramid(nn.Module):
    """Atrous spatial pyramid pooling of DeepLab v2: the sum of one classifier per rate (Chen 2018, figure 7
    b).

    Args:
        before: channels of the encoder's deepest feature.
        classes: number of mask classes.
        width: channels of each branch.
        rates: dilations of the branches, in pixels of the feature.
        dropout: dropout rate in each branch.

    Example:
        >>> import torch
        >>> SummedPyramid(8, 4, 16, (6, 12), 0.5)([torch.zeros(1, 8, 5, 9)]).shape
        torch.Size([1, 4, 5, 9])
    """

    def __init__(self, before: int, classes: int, width: int, rates: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.branches = nn.ModuleList(LargeFieldOfView(before, width, rate, dropout) for rate in rates)
        # One bias is enough for a sum.
        last = len(rates) - 1
        self.scores = nn.ModuleList(nn.Conv2d(width, classes, 1, bias=n == last) for n in range(len(rates)))

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return the logits (N, C, h, w) from the deepest feature."""
        pairs = zip(self.branches, self.scores, strict=True)
        return sum(score(branch(features[-1])) for branch, score in pairs)


class DeepLabV2(Body):
    """DeepLab v2 (Chen 2018, Atrous Convolution and Fully Connected CRFs, arXiv 1606.00915).

    The encoder's last strides are replaced by dilations, so that its deepest feature is of stride 8; four
    branches read it with rates of 6, 12, 18 and 24 pixels, and their logits are summed and
    interpolated to the picture's size. Left out are the paper's CRF and its fusion over scales: the maximum
    of the score maps of the picture at 0.5, 0.75 and 1 times its size. `inference.scales = [0.5, 0.75, 1.0]`
    predicts at those scales and takes the mean in place of the maximum.

    Args:
        encoder_name: any whose strides can be dilated, as ResNets.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head; None for no class head.
        decoder_channels: channels of each branch.
        decoder_atrous_rates: dilations of the branches, in pixels of the deepest feature.
        decoder_dropout: dropout rate in each branch, applied twice.
        kwargs: further arguments, passed to timm's encoder.

    Example:
        >>> import torch
        >>> DeepLabV2("tu-test_resnet", None, 1, 4, decoder_channels=8)(torch.zeros(1, 1, 64, 96)).shape
        torch.Size([1, 4, 64, 96])
    """

    reads: Mapping[int, int] = {-1: _OUTPUT_STRIDE}

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        decoder_channels: int = 1024,
        decoder_atrous_rates: Sequence[int] = (6, 12, 18, 24),
        decoder_dropout: float = 0.5,
        **kwargs: Any,
    ) -> None:
        width = check_whole("decoder_channels", decoder_channels)
        rates = check_rates("decoder_atrous_rates", decoder_atrous_rates)
        dropout = check_dropout("decoder_dropout", decoder_dropout)
        encoder = new_encoder(encoder_name, in_channels, output_stride=_OUTPUT_STRIDE, **kwargs)
        head = SummedPyramid(encoder.out_channels[-1], classes, width, rates, dropout)
        super().__init__(encoder, head, aux_params)


class DeepLabV1(DeepLabV2):
    """DeepLab-LargeFOV (Chen 2015, Semantic Image Segmentation with Deep CNNs and CRFs, arXiv 1412.7062).

    As `DeepLabV2`, with the one rate of 12 pixels. The paper's encoder is a VGG, whose pooling smp and timm
    cannot dilate.

    Example:
        >>> import torch
        >>> DeepLabV1("tu-test_resnet", None, 1, 4, decoder_channels=8)(torch.zeros(1, 1, 64, 96)).shape
        torch.Size([1, 4, 64, 96])
    """

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        decoder_channels: int = 1024,
        decoder_atrous_rate: int = 12,
        decoder_dropout: float = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            encoder_name,
            encoder_weights,
            in_channels,
            classes,
            aux_params,
            decoder_channels,
            (check_whole("decoder_atrous_rate", decoder_atrous_rate),),
            decoder_dropout,
            **kwargs,
        )
