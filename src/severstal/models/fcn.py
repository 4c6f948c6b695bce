"""Fully convolutional networks: scores at strides 32, 16 and 8, added from coarse to fine."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from severstal.models.body import Body
from severstal.models.encoders import new_encoder
from severstal.models.upsampling import LearnedUpsampling


class FcnHead(nn.Module):
    """The class scores of each feature, and their sum.

    S_32 = score(f_32), S_16 = up(S_32) + score(f_16), S_8 = up(S_16) + score(f_8), where a score is a 1 x 1
    convolution and up doubles height and width. The finer scores are initialized with 0 and up with bilinear
    interpolation, so that a network with skips starts as the one without (Long 2015, section 4.2).

    Args:
        channels: channels of the features, finest first; each feature is half as wide and high as the one
            before.
        classes: number of mask classes.

    Example:
        >>> import torch
        >>> head = FcnHead([8, 16], classes=4)
        >>> head([torch.zeros(1, 8, 4, 6), torch.zeros(1, 16, 2, 3)]).shape
        torch.Size([1, 4, 4, 6])
    """

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        self.upsamplings = nn.ModuleList(LearnedUpsampling(classes, stride=2) for _ in channels[1:])
        self.scores = nn.ModuleList(nn.Conv2d(depth, classes, 1) for depth in channels)
        for score in self.scores[:-1]:
            nn.init.zeros_(score.weight)
            nn.init.zeros_(score.bias)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return the logits (N, C, h, w), as fine as the finest feature that is scored."""
        *finer, deepest = features[-len(self.scores) :]
        *skips, coarsest = self.scores
        masks = coarsest(deepest)
        for upsampling, score, feature in zip(self.upsamplings, skips[::-1], finer[::-1], strict=True):
            masks = upsampling(masks) + score(feature)  # twice as wide and high
        return masks


class Fcn32s(Body):
    """FCN-32s (Long 2015, Fully Convolutional Networks for Semantic Segmentation, arXiv 1411.4038).

    The deepest feature, of stride 32, is scored, and the scores are interpolated to the picture's size: the
    paper fixes the last layer's kernel. The two layers of 4096 channels of VGG's classifier are left out, as
    other encoders have none.

    Args:
        encoder_name: any with features of strides 8, 16 and 32.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head; None for no class head.
        kwargs: further arguments, passed to timm's encoder.

    Example:
        >>> import torch
        >>> Fcn32s("tu-test_resnet", None, 1, 4)(torch.zeros(1, 1, 64, 96)).shape
        torch.Size([1, 4, 64, 96])
    """

    scored = 1  # how many features, from the deepest
    reads: Mapping[int, int] = {-1: 32}

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        encoder = new_encoder(encoder_name, in_channels, **kwargs)
        super().__init__(encoder, FcnHead(encoder.out_channels[-self.scored :], classes), aux_params)


class Fcn16s(Fcn32s):
    """FCN-16s: as `Fcn32s`, with a skip at stride 16."""

    scored = 2
    reads: Mapping[int, int] = {-1: 32, -2: 16}


class Fcn8s(Fcn32s):
    """FCN-8s: as `Fcn32s`, with skips at strides 16 and 8."""

    scored = 3
    reads: Mapping[int, int] = {-1: 32, -2: 16, -3: 8}
