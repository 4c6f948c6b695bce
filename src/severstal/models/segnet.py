"""SegNet: unpooling by the indices of the max-pooling."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from segmentation_models_pytorch.base import ClassificationHead, SegmentationModel
from segmentation_models_pytorch.encoders import encoders
from segmentation_models_pytorch.encoders.vgg import VGGEncoder
from torch import Tensor, nn
from torch.nn import functional

from severstal.models.mismatch import EncoderMismatch


class IndexedVgg(VGGEncoder):
    """A VGG of smp that also returns the indices of its max-pooling; weights and names are smp's."""

    def forward(self, pictures: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the features of strides 1 to 32, and the places of the maxima within each feature.

        Returns:
            Features (N, C_i, H / 2^i, W / 2^i), finest first; places, int64, of the size of all features but
            the first: row times width plus column.
        """
        features, indices = [], []
        feature = pictures
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                features.append(feature)
                feature, places = functional.max_pool2d(feature, 2, 2, return_indices=True)
                indices.append(places)
            else:
                feature = layer(feature)
        return [*features, feature], indices


def unpool(feature: Tensor, places: Tensor) -> Tensor:
    """Unpool: put values at the indices of a 2 x 2 max-pooling, and 0 elsewhere.

    As `nn.MaxUnpool2d`, by an operation that ONNX has and that is deterministic on GPUs.

    Args:
        feature: (N, C, h, w).
        places: (N, C, h, w), int64, as max-pooling gives them.

    Returns:
        (N, C, 2 h, 2 w).

    Example:
        >>> import torch
        >>> pooled, places = functional.max_pool2d(
        ...     torch.tensor([[[[1.0, 5.0], [2.0, 3.0]]]]), 2, return_indices=True)
        >>> unpool(pooled, places).tolist()
        [[[[0.0, 5.0], [0.0, 0.0]]]]
    """
    height, width = feature.shape[2:]
    empty = feature.new_zeros(*feature.shape[:2], 4 * height * width)
    filled = empty.scatter(2, places.flatten(2), feature.flatten(2))
    return filled.unflatten(2, (2 * height, 2 * width))


class SegNet(SegmentationModel):
    """SegNet (Badrinarayanan 2017, A Deep Convolutional Encoder-Decoder Architecture, arXiv 1511.00561).

    The decoder mirrors the encoder: for each pooling an unpooling to the places of the maxima, for each
    convolution a convolution with batch normalisation and ReLU, the last of which is the classifier. Nothing
    else passes from the encoder's features to the decoder's.

    Args:
        encoder_name: one of smp's VGGs, such as "vgg16_bn", the paper's.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head; None for no class head.
        kwargs: further arguments of the common signature; ignored.

    Raises:
        EncoderMismatch: another encoder.

    Example:
        >>> import torch
        >>> SegNet("vgg11_bn", None, 1, 4)(torch.zeros(1, 1, 32, 64)).shape
        torch.Size([1, 4, 32, 64])
    """

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if encoders.get(encoder_name, {}).get("encoder") is not VGGEncoder:
            raise EncoderMismatch("it carries the pooling indices of a VGG")
        self.encoder = IndexedVgg(**deepcopy(encoders[encoder_name]["params"]))
        self.encoder.set_in_channels(in_channels, pretrained=encoder_weights is not None)
        stages = _convolutions(self.encoder)
        self.decoder = nn.ModuleList()
        for number in reversed(range(len(stages))):
            mirrored = [_layer(after, before) for before, after in stages[number][::-1]]
            self.decoder.append(nn.Sequential(*(mirrored if number else mirrored[:-1])))
        self.segmentation_head = nn.Conv2d(stages[0][0][1], classes, 3, padding=1)
        self.classification_head = None
        if aux_params is not None:
            self.classification_head = ClassificationHead(self.encoder.out_channels[-1], **aux_params)

    def forward(self, pictures: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return the mask logits (N, C, H, W), and with a class head the class logits (N, C)."""
        features, indices = self.encoder(pictures)
        feature = features[-1]
        for stage, places in zip(self.decoder, indices[::-1], strict=True):
            feature = stage(unpool(feature, places))  # twice as wide and high
        masks = self.segmentation_head(feature)
        return masks if self.classification_head is None else (masks, self.classification_head(features[-1]))


def _convolutions(encoder: VGGEncoder) -> list[list[tuple[int, int]]]:
    """Channels before and after each convolution, by the pooling that follows it."""
    stages: list[list[tuple[int, int]]] = [[]]
    for layer in encoder.features:
        if isinstance(layer, nn.Conv2d):
            stages[-1].append((layer.in_channels, layer.out_channels))
        elif isinstance(layer, nn.MaxPool2d):
            stages.append([])
    return stages[:-1]


def _layer(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)
    )
