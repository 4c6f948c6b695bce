"""HRNetV2: the branches of a high-resolution encoder, joined at the finest stride."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from severstal.models.body import STRIDE_4, Body
from severstal.models.encoders import TIMM, new_encoder

BRANCHES = {STRIDE_4: 4, STRIDE_4 + 1: 8, STRIDE_4 + 2: 16, STRIDE_4 + 3: 32}  # places and strides


def join_branches(features: Sequence[Tensor]) -> Tensor:
    """Resize features to the size of the first and concatenate them.

    Args:
        features: finest first, each (N, C_i, h_i, w_i).

    Returns:
        (N, sum of the C_i, h_0, w_0).

    Example:
        >>> join_branches([torch.zeros(1, 2, 8, 8), torch.zeros(1, 3, 4, 4)]).shape
        torch.Size([1, 5, 8, 8])
    """
    size = features[0].shape[2:]
    coarser = (functional.interpolate(feature, size, mode="bilinear") for feature in features[1:])
    return torch.cat([features[0], *coarser], dim=1)


def convolution(before: int, after: int, kernel: int = 1) -> nn.Sequential:
    """Return a convolution, batch normalisation and ReLU.

    Args:
        before: channels.
        after: channels.
        kernel: odd size; the picture keeps its own.
    """
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


def branch_encoder(encoder_name: str, in_channels: int, **kwargs: Any) -> nn.Module:
    """Build an encoder; of an HRNet one that returns the branches, without the classifier's layers on them.

    Args:
        encoder_name: an encoder of smp, or of timm as `tu-NAME`.
        in_channels: number of picture channels.
        kwargs: further arguments, passed to timm's encoder.

    Example:
        >>> branch_encoder("tu-hrnet_w18_small", 1).out_channels
        [1, 64, 16, 32, 64, 128]
    """
    raw = {"feature_location": ""} if encoder_name.startswith(f"{TIMM}hrnet") else {}
    return new_encoder(encoder_name, in_channels, **kwargs, **raw)


class BranchHead(nn.Sequential):
    """The head of HRNetV2: joined branches, a 1 x 1 convolution of as many channels, and the classifier.

    Args:
        depth: channels of all branches.
        classes: number of mask classes.
    """

    def __init__(self, depth: int, classes: int) -> None:
        super().__init__(convolution(depth, depth), nn.Conv2d(depth, classes, 1))

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return the logits (N, C, h / 4, w / 4) from the encoder's features."""
        return super().forward(join_branches(features[STRIDE_4:]))


class Hrnet(Body):
    """HRNetV2 (Wang 2020, Deep High-Resolution Representation Learning for Visual Recognition, 1908.07919).

    The encoder keeps a branch of stride 4 throughout, in repeated exchange with branches of strides 8, 16 and
    32. The head resizes all four to stride 4, concatenates them, and predicts the masks by two 1 x 1
    convolutions (figure 4 b). On another encoder than an HRNet, it reads the features of strides 4 to 32.

    Args:
        encoder_name: tu-hrnet_w18 to tu-hrnet_w64, or any other with features of strides 4 to 32.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head; None for no class head.
        kwargs: further arguments, passed to timm's encoder.

    Example:
        >>> Hrnet("tu-test_resnet", None, 1, 4)(torch.zeros(2, 1, 64, 96)).shape
        torch.Size([2, 4, 64, 96])
    """

    reads = BRANCHES

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        encoder = branch_encoder(encoder_name, in_channels, **kwargs)
        super().__init__(encoder, BranchHead(sum(encoder.out_channels[STRIDE_4:]), classes), aux_params)
