"""The base of this package's own networks on any encoder of smp or timm."""

from collections.abc import Mapping
from typing import Any

from segmentation_models_pytorch.base import ClassificationHead, SegmentationModel
from torch import Tensor, nn
from torch.nn import functional

STRIDE_4 = 2  # place of the feature of stride 4 among those of an encoder


class Body(SegmentationModel):
    """An encoder and a head that predicts masks from its features; `smp_network` builds it like smp's own.

    Args:
        encoder: encoder whose output is a list of features, finest first.
        head: module from that list to mask logits (N, C, h, w) of any stride.
        aux_params: arguments of smp's classification head on the deepest feature; None for no class head.

    Attributes:
        reads: index of each of the encoder's features that the head reads, and the stride that it must have.

    Example:
        >>> import segmentation_models_pytorch as smp, torch
        >>> class Deepest(nn.Module):
        ...     def forward(self, features):
        ...         return features[-1]
        >>> encoder = smp.encoders.get_encoder("tu-test_resnet", weights=None)
        >>> Body(encoder, Deepest())(torch.zeros(1, 3, 64, 96)).shape
        torch.Size([1, 96, 64, 96])
    """

    reads: Mapping[int, int] = {}

    def __init__(
        self, encoder: nn.Module, head: nn.Module, aux_params: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.segmentation_head = head
        self.classification_head = None
        if aux_params is not None:
            self.classification_head = ClassificationHead(encoder.out_channels[-1], **aux_params)

    def forward(self, pictures: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return the mask logits (N, C, H, W), and with a class head the class logits (N, C)."""
        features = self.encoder(pictures)
        masks = self.segmentation_head(features)  # (N, C, h, w)
        masks = functional.interpolate(masks, pictures.shape[2:], mode="bilinear")  # (N, C, H, W)
        return masks if self.classification_head is None else (masks, self.classification_head(features[-1]))
