"""The U-Net of the paper, with its own encoder."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from segmentation_models_pytorch.base import ClassificationHead
from torch import Tensor, nn

from severstal.errors import SeverstalError, unknown
from severstal.models.encoders import OWN_ENCODER
from severstal.models.mismatch import EncoderMismatch
from severstal.models.network import Network
from severstal.models.options import check_dropout, check_whole
from severstal.models.smp_networks import PRIOR_LOGIT

_LEVELS = 5
_UPSAMPLINGS = ("learned", "bilinear")
_DEFAULTS = {"width": 64, "upsampling": "learned", "dropout": 0.5}


class DoubleConvolution(nn.Module):
    """Two 3 x 3 convolutions with ReLU, initialized with variance 2 / N for N inputs (section 3)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, padding=1)
        self.second = nn.Conv2d(after, after, 3, padding=1)
        for layer in (self.first, self.second):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, feature: Tensor) -> Tensor:
        """Return (N, after, h, w)."""
        return self.second(self.first(feature).relu()).relu()


class ContractingPath(nn.Module):
    """Double convolutions with max-pooling between them: features of strides 1, 2, 4, 8 and 16.

    Args:
        in_channels: number of picture channels.
        width: channels at stride 1; they double with each halving.
        dropout: share of the deepest feature that is dropped in training.

    Example:
        >>> [tuple(feature.shape) for feature in ContractingPath(1, 4, 0.5)(torch.zeros(1, 1, 32, 48))[-2:]]
        [(1, 32, 4, 6), (1, 64, 2, 3)]
    """

    def __init__(self, in_channels: int, width: int, dropout: float) -> None:
        super().__init__()
        self.out_channels = [width * 2**level for level in range(_LEVELS)]
        before = [in_channels, *self.out_channels]
        self.levels = nn.ModuleList(map(DoubleConvolution, before, self.out_channels))
        self.halve = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, feature: Tensor) -> list[Tensor]:
        """Return the features, finest first."""
        features = []
        for number, level in enumerate(self.levels):
            feature = level(self.halve(feature) if number else feature)
            features.append(feature)
        features[-1] = self.dropout(features[-1])
        return features


class ExpandingPath(nn.Module):
    """Up-samplings, each followed by the skip of that size and a double convolution.

    Args:
        channels: channels of the features, finest first; each twice those before.
        upsampling: "learned" by a transposed 2 x 2 convolution, as in the paper, or "bilinear" and a 1 x 1
            convolution; both halve the channels.
    """

    def __init__(self, channels: Sequence[int], upsampling: Literal["learned", "bilinear"]) -> None:
        super().__init__()
        pairs = list(zip(channels[1:], channels, strict=False))[::-1]
        double = {"learned": _learned, "bilinear": _bilinear}[upsampling]
        self.doublings = nn.ModuleList(double(before, after) for before, after in pairs)
        self.levels = nn.ModuleList(DoubleConvolution(2 * after, after) for _, after in pairs)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return the feature of stride 1, (N, channels[0], H, W)."""
        *finer, feature = features
        for double, level, skip in zip(self.doublings, self.levels, finer[::-1], strict=True):
            feature = level(torch.cat([skip, double(feature)], dim=1))  # twice as wide and high
        return feature


def _learned(before: int, after: int) -> nn.Module:
    return nn.ConvTranspose2d(before, after, 2, stride=2)


def _bilinear(before: int, after: int) -> nn.Module:
    return nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(before, after, 1))


class UnetPaper(nn.Module):
    """The two paths and the last 1 x 1 convolution."""

    def __init__(
        self, encoder: ContractingPath, decoder: ExpandingPath, classes: int, class_head: nn.Module | None
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.segmentation_head = nn.Conv2d(encoder.out_channels[0], classes, 1)
        nn.init.constant_(self.segmentation_head.bias, PRIOR_LOGIT)
        self.classification_head = class_head

    def forward(self, pictures: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return the mask logits (N, C, H, W), and with a class head the class logits (N, C)."""
        features = self.encoder(pictures)
        masks = self.segmentation_head(self.decoder(features))
        return masks if self.classification_head is None else (masks, self.classification_head(features[-1]))


def unet_paper(
    encoder_name: str,
    encoder_weights: str,
    in_channels: int,
    classes: int,
    class_head: bool,
    options: Mapping[str, Any],
) -> Network:
    """Build U-Net (Ronneberger 2015, Convolutional Networks for Biomedical Image Segmentation, 1505.04597).

    Double convolutions of 64, 128, 256, 512 and 1024 channels, halved in size between by max-pooling, and
    back up with a skip at each size; no batch normalisation. The paper's convolutions are not padded and its
    mask is smaller than its picture; here they are padded with zeros, so that the mask is of the picture's
    size.

    Args:
        encoder_name: "own".
        encoder_weights: "none".
        in_channels: number of picture channels.
        classes: number of mask classes.
        class_head: whether the network also predicts which classes a picture holds.
        options: `width`, channels at the picture's size (64); `upsampling`, "learned" (the paper's) or
            "bilinear"; `dropout` of the deepest feature (0.5).

    Raises:
        SeverstalError: another encoder, weights, or an unknown option.

    Example:
        >>> unet_paper("own", "none", 1, 4, False, {"width": 2})(torch.zeros(1, 1, 50, 70)).masks.shape
        torch.Size([1, 4, 50, 70])
    """
    if encoder_name != OWN_ENCODER:
        raise EncoderMismatch(
            f"encoder_name is {encoder_name!r}, but unet_paper has its own",
            f'set it to "{OWN_ENCODER}", or architecture to "unet"',
        )
    if encoder_weights != "none":
        raise SeverstalError(
            f"encoder_weights {encoder_weights!r} of unet_paper is unknown: it has no pretrained ones: "
            'set it to "none"'
        )
    for name in options.keys() - _DEFAULTS.keys():
        raise unknown("model option", name, _DEFAULTS)
    chosen = {**_DEFAULTS, **options}
    if chosen["upsampling"] not in _UPSAMPLINGS:
        raise SeverstalError(
            f'model option \'upsampling\' is {chosen["upsampling"]!r}: give "learned" or "bilinear"'
        )
    width, dropout = check_whole("width", chosen["width"]), check_dropout("dropout", chosen["dropout"])
    encoder = ContractingPath(in_channels, width, dropout)
    decoder = ExpandingPath(encoder.out_channels, chosen["upsampling"])
    head = ClassificationHead(encoder.out_channels[-1], classes) if class_head else None
    body = UnetPaper(encoder, decoder, classes, head)
    return Network(body, stride=2 ** (_LEVELS - 1))
