"""Segmenter: a vision transformer with one linear layer, or with a mask transformer."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from segmentation_models_pytorch.base import ClassificationHead, SegmentationModel
from segmentation_models_pytorch.encoders.timm_vit import TimmViTEncoder
from timm.models.vision_transformer import Block
from torch import Tensor, nn
from torch.nn import functional

from severstal.models.encoders import TIMM
from severstal.models.mismatch import EncoderMismatch, library_call
from severstal.models.options import check_whole

_HEAD_WIDTH = 64  # channels of each head of attention, as in the paper's table 1
_SCALE = 10.0  # initial scale of the cosines


class MaskTransformer(nn.Module):
    """The mask transformer of section 3.2.2: blocks over the patches and one class token per class.

    A class's mask is the cosine of its token and each patch. The authors normalise the cosines over the
    classes, of which one is the background; here classes may overlap, or be only one, so that each has a
    scale and a bias of its own.

    Args:
        depth: channels of the encoder's patches.
        classes: number of mask classes.
        layers: blocks.

    Example:
        >>> MaskTransformer(64, classes=3, layers=1)(torch.zeros(2, 64, 4, 6)).shape
        torch.Size([2, 3, 4, 6])
    """

    def __init__(self, depth: int, classes: int, layers: int) -> None:
        super().__init__()
        self.enter = nn.Linear(depth, depth)
        self.embeddings = nn.Parameter(torch.empty(classes, depth))
        heads = max(1, depth // _HEAD_WIDTH)
        self.blocks = nn.Sequential(*(Block(depth, heads, qkv_bias=True) for _ in range(layers)))
        self.norm = nn.LayerNorm(depth)
        self.patch = nn.Linear(depth, depth, bias=False)
        self.mask = nn.Linear(depth, depth, bias=False)
        self.logits = nn.Conv2d(classes, classes, 1, groups=classes)  # a scale and a bias of each class
        nn.init.constant_(self.logits.weight, _SCALE)
        nn.init.trunc_normal_(self.embeddings, std=0.02)
        for matrix in (self.patch, self.mask):
            nn.init.normal_(matrix.weight, std=1 / math.sqrt(depth))

    def no_weight_decay(self) -> set[str]:
        """Name the weights excluded from weight decay: the classes' tokens and the scales of cosines."""
        return {"embeddings", "logits.weight"}

    def embed(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the embeddings, of length one, of patches (N, h w, depth) and classes (N, C, depth)."""
        patches = self.enter(features.flatten(2).mT)  # (N, h w, depth)
        classes = self.embeddings.expand(patches.shape[0], -1, -1)  # (N, C, depth)
        tokens = self.norm(self.blocks(torch.cat([patches, classes], dim=1)))  # (N, h w + C, depth)
        patches, classes = tokens[:, : patches.shape[1]], tokens[:, patches.shape[1] :]
        patches, classes = self.patch(patches), self.mask(classes)
        return functional.normalize(patches, dim=2), functional.normalize(classes, dim=2)

    def forward(self, features: Tensor) -> Tensor:
        """Return the logits of the masks, (N, C, h, w), from features (N, depth, h, w)."""
        patches, classes = self.embed(features)
        return self.logits((classes @ patches.mT).unflatten(2, features.shape[2:]))  # (N, C, h, w)


class Segmenter(SegmentationModel):
    """A vision transformer, and a head on its last patches.

    Args:
        encoder_name: encoder of `SegmenterLinear`: a vision transformer of timm.
        in_channels: number of picture channels.
        aux_params: arguments of smp's classification head on the same patches; None for no class head.
        kwargs: further arguments, passed to timm's encoder.

    Raises:
        EncoderMismatch: the encoder is no vision transformer of timm.
    """

    def __init__(
        self, encoder_name: str, in_channels: int, aux_params: Mapping[str, Any] | None, **kwargs: Any
    ) -> None:
        super().__init__()
        if not encoder_name.startswith(TIMM):
            raise EncoderMismatch("its encoder is not of timm")
        with library_call():
            self.encoder = TimmViTEncoder(
                encoder_name.removeprefix(TIMM),
                pretrained=False,
                in_channels=in_channels,
                depth=1,
                output_indices=[-1],
                **{"num_classes": 0, **kwargs},
            )
        if not hasattr(self.encoder.model, "patch_embed"):
            raise EncoderMismatch("its encoder has no patches")
        self.depth = self.encoder.out_channels[-1]
        self.classification_head = None
        if aux_params is not None:
            self.classification_head = ClassificationHead(self.depth, **aux_params)

    def forward(self, pictures: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return the mask logits (N, C, H, W), and with a class head the class logits (N, C)."""
        (features,), _ = self.encoder(pictures)
        # A block's output has not passed the transformer's last norm.
        features = self.encoder.model.norm(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        masks = self.segmentation_head(features)  # (N, C, H / patch, W / patch)
        masks = functional.interpolate(masks, pictures.shape[2:], mode="bilinear")  # (N, C, H, W)
        return masks if self.classification_head is None else (masks, self.classification_head(features))


class SegmenterLinear(Segmenter):
    """Segmenter (Strudel 2021, Segmenter: Transformer for Semantic Segmentation, arXiv 2105.05633), linear.

    One linear layer maps each patch to its logits (section 3.2.1).

    Args:
        encoder_name: a vision transformer of timm, as tu-vit_small_patch16_224.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head; None for no class head.
        kwargs: further arguments, passed to timm's encoder.

    Example:
        >>> SegmenterLinear("tu-test_vit", None, 1, 4, dynamic_img_size=True)(torch.zeros(2, 1, 32, 80)).shape
        torch.Size([2, 4, 32, 80])
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
        super().__init__(encoder_name, in_channels, aux_params, **kwargs)
        self.segmentation_head = nn.Conv2d(self.depth, classes, 1)


class SegmenterMask(Segmenter):
    """Segmenter (Strudel 2021, as `SegmenterLinear`) with a mask transformer.

    Args:
        encoder_name: a vision transformer of timm, as tu-vit_small_patch16_224.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head; None for no class head.
        decoder_layers: blocks of the mask transformer.
        kwargs: further arguments, passed to timm's encoder.

    Example:
        >>> SegmenterMask("tu-test_vit", None, 1, 4, dynamic_img_size=True)(torch.zeros(2, 1, 32, 80)).shape
        torch.Size([2, 4, 32, 80])
    """

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        decoder_layers: int = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder_name, in_channels, aux_params, **kwargs)
        layers = check_whole("decoder_layers", decoder_layers)
        self.segmentation_head = MaskTransformer(self.depth, classes, layers)
