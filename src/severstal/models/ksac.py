"""Kernel-sharing atrous convolution: one kernel is applied at several rates."""

from collections.abc import Mapping, Sequence
from typing import Any

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn
from torch.nn import functional

from severstal.models.body import STRIDE_4
from severstal.models.deeplab_v3 import atrous_rates
from severstal.models.mismatch import library_call
from severstal.models.options import check_dropout, check_rates


class SharedKernel(nn.Module):
    """One 3 x 3 kernel W at the rates r, beside a 1 x 1 convolution and the picture's mean.

    y = relu(norm(W_1 x) + sum over r of norm_r(W *_r x) + norm(W_0 mean(x)))

    where *_r is a convolution of dilation r. Each branch has its own batch normalisation.

    Args:
        before: channels of the feature.
        after: channels of the result.
        rates: dilations in pixels of the feature.
        dropout: dropout rate of the result.

    Example:
        >>> SharedKernel(8, 4, (6, 12, 18), 0.5)(torch.zeros(2, 8, 5, 9)).shape
        torch.Size([2, 4, 5, 9])
    """

    def __init__(self, before: int, after: int, rates: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.rates = tuple(rates)
        self.weight = nn.Parameter(torch.empty(after, before, 3, 3))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        self.norms = nn.ModuleList(nn.BatchNorm2d(after) for _ in self.rates)
        self.point = nn.Sequential(nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after))
        self.mean = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after)
        )
        self.dropout = nn.Dropout(dropout)

    def branches(self, feature: Tensor) -> list[Tensor]:
        """Return the kernel's response at each rate, before normalisation: (N, after, h, w) each."""
        return [functional.conv2d(feature, self.weight, padding=rate, dilation=rate) for rate in self.rates]

    def forward(self, feature: Tensor) -> Tensor:
        """Return (N, after, h, w)."""
        seen = self.branches(feature)
        shared = sum(norm(branch) for norm, branch in zip(self.norms, seen, strict=True))
        return self.dropout((self.point(feature) + shared + self.mean(feature)).relu())


class Ksac(smp.DeepLabV3Plus):
    """KSAC (Huang 2019, See More Than Once: Kernel-Sharing Atrous Convolution, arXiv 1908.09443).

    DeepLab v3+ with one kernel shared by the branches of its pyramid: with three rates it has a
    third of the pyramid's 3 x 3 weights, each trained at all rates.

    Args:
        encoder_name: any whose strides can be dilated, as ResNets.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head; None for no class head.
        encoder_output_stride: stride of the deepest feature, 8 or 16.
        decoder_channels: channels of the pyramid and of the decoder after it.
        decoder_atrous_rates: dilations of the kernel; None for 6, 12 and 18 at stride 16, twice those at
            stride 8.
        decoder_dropout: dropout rate of the pyramid.
        kwargs: further arguments, passed to timm's encoder.

    Example:
        >>> network = Ksac("tu-test_resnet", None, 1, 4, decoder_channels=8).eval()
        >>> network(torch.zeros(1, 1, 64, 96)).shape
        torch.Size([1, 4, 64, 96])
    """

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        encoder_output_stride: int = 16,
        decoder_channels: int = 256,
        decoder_atrous_rates: Sequence[int] | None = None,
        decoder_dropout: float = 0.5,
        **kwargs: Any,
    ) -> None:
        if decoder_atrous_rates is None:
            decoder_atrous_rates = atrous_rates(encoder_output_stride)
        rates = check_rates("decoder_atrous_rates", decoder_atrous_rates)
        dropout = check_dropout("decoder_dropout", decoder_dropout)
        with library_call():
            super().__init__(
                encoder_name,
                encoder_weights=encoder_weights,
                encoder_output_stride=encoder_output_stride,
                decoder_channels=decoder_channels,
                in_channels=in_channels,
                classes=classes,
                aux_params=aux_params,
                **kwargs,
            )
        self.reads = {STRIDE_4: 4, -1: encoder_output_stride}
        self.decoder.aspp[0] = SharedKernel(self.encoder.out_channels[-1], decoder_channels, rates, dropout)
