"""The global convolutional network: large kernels, each as two pairs of thin ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from severstal.models.body import STRIDE_4, Body
from severstal.models.encoders import new_encoder
from severstal.models.hrnet import BRANCHES
from severstal.models.options import check_odd, check_whole
from severstal.models.upsampling import LearnedUpsampling


class GlobalConvolution(nn.Module):
    """A k x k kernel as k x 1 after 1 x k plus 1 x k after k x 1, without a nonlinearity in between (Peng
    2017).

    It costs 2 k (C_in + C_out) C_out weights in place of k^2 C_in C_out.

    Args:
        before: channels of the feature, C_in.
        after: channels of the result, C_out.
        kernel: k, odd.

    Example:
        >>> import torch
        >>> GlobalConvolution(8, 4, kernel=7)(torch.zeros(1, 8, 5, 9)).shape
        torch.Size([1, 4, 5, 9])
    """

    def __init__(self, before: int, after: int, kernel: int) -> None:
        super().__init__()
        high, wide = (kernel, 1), (1, kernel)
        self.high_first = nn.Sequential(_thin(before, after, high), _thin(after, after, wide))
        self.wide_first = nn.Sequential(_thin(before, after, wide), _thin(after, after, high))

    def forward(self, feature: Tensor) -> Tensor:
        """Return (N, after, h, w)."""
        return self.high_first(feature) + self.wide_first(feature)


class BoundaryRefinement(nn.Module):
    """Boundary refinement of score maps by a residual of two 3 x 3 convolutions: x + W_2 relu(W_1 x).

    Args:
        channels: channels of the score maps.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, scores: Tensor) -> Tensor:
        """Return (N, channels, h, w)."""
        return scores + self.residual(scores)


class GcnHead(nn.Module):
    """Score maps of each feature by large kernels, refined, and added from coarse to fine (figure 2).

    Args:
        channels: channels of the features, from stride 4 to the coarsest.
        classes: number of mask classes.
        width: channels of the score maps.
        kernel: width of the large kernels, in pixels, odd.
    """

    def __init__(self, channels: Sequence[int], classes: int, width: int, kernel: int) -> None:
        super().__init__()
        self.maps = nn.ModuleList(
            nn.Sequential(GlobalConvolution(depth, width, kernel), BoundaryRefinement(width))
            for depth in channels
        )
        steps = len(channels) + 1  # from the coarsest to stride 4, and twice more to the picture's size
        self.upsamplings = nn.ModuleList(LearnedUpsampling(width, stride=2) for _ in range(steps))
        self.refinements = nn.ModuleList(BoundaryRefinement(width) for _ in range(steps))
        self.classifier = nn.Conv2d(width, classes, 1)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return the logits (N, C, H, W)."""
        *finer, scores = (read(feature) for read, feature in zip(self.maps, features[STRIDE_4:], strict=True))
        for upsampling, refinement in zip(self.upsamplings, self.refinements, strict=True):
            scores = upsampling(scores)  # twice as wide and high
            scores = refinement(scores + finer.pop() if finer else scores)
        return self.classifier(scores)


class Gcn(Body):
    """GCN (Peng 2017, Large Kernel Matters: Improve Semantic Segmentation by Global Convolutional Network).

    arXiv 1703.02719. The paper's score maps have as many channels as it has classes, 21; here they have 21
    too, whatever the number of classes, and a 1 x 1 convolution follows.

    Args:
        encoder_name: any with features of strides 4 to 32.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head; None for no class head.
        decoder_channels: channels of the score maps.
        decoder_kernel: width k of the large kernels, in pixels, odd.
        kwargs: further arguments, passed to timm's encoder.

    Raises:
        SeverstalError: an even kernel, or no channels.
        EncoderMismatch: another encoder.

    Example:
        >>> import torch
        >>> Gcn("tu-test_resnet", None, 1, 4)(torch.zeros(1, 1, 64, 96)).shape
        torch.Size([1, 4, 64, 96])
    """

    reads: Mapping[int, int] = BRANCHES

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        decoder_channels: int = 21,
        decoder_kernel: int = 15,
        **kwargs: Any,
    ) -> None:
        width = check_whole("decoder_channels", decoder_channels)
        kernel = check_odd("decoder_kernel", decoder_kernel)
        encoder = new_encoder(encoder_name, in_channels, **kwargs)
        head = GcnHead(encoder.out_channels[STRIDE_4:], classes, width, kernel)
        super().__init__(encoder, head, aux_params)


def _thin(before: int, after: int, kernel: tuple[int, int]) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, padding=(kernel[0] // 2, kernel[1] // 2))
