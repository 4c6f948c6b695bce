"""Deep supervision: small heads that predict masks from an encoder's coarser features in training."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from severstal.models.mismatch import EncoderMismatch

_COARSE = 8  # features of this stride and above get a head; finer ones are the decoder's


class AuxiliaryHeads(nn.Module):
    """A 1 x 1 convolution on the deepest feature of each coarse stride (Lee 2015; Szegedy 2015, section 5).

    Through them a gradient reaches the encoder's deep stages without passing the decoder. A forward hook
    keeps the features that the encoder computes for the decoder while the heads are in training mode; in
    evaluation nothing is kept or computed.

    Args:
        encoder: module whose output is a list of features (N, C, h, w), or a tuple that begins with it.
        picture: any picture batch that the encoder takes, (N, channels, H, W); finds the strides of its
            features.
        classes: number of mask classes.
        bias: initial bias of the heads, a logit.

    Raises:
        EncoderMismatch: no feature is coarse enough.

    Example:
        >>> import segmentation_models_pytorch as smp
        >>> encoder = smp.encoders.get_encoder("resnet18", weights=None)
        >>> heads = AuxiliaryHeads(encoder, torch.zeros(1, 3, 64, 64), classes=4)
        >>> _ = encoder(torch.zeros(2, 3, 64, 96))
        >>> [tuple(logits.shape) for logits in heads()]
        [(2, 4, 8, 12), (2, 4, 4, 6), (2, 4, 2, 3)]
    """

    def __init__(self, encoder: nn.Module, picture: Tensor, classes: int, bias: float = 0.0) -> None:
        super().__init__()
        self.places, channels = _coarse_features(encoder, picture)
        self.heads = nn.ModuleList(nn.Conv2d(depth, classes, 1) for depth in channels)
        for head in self.heads:
            nn.init.constant_(head.bias, bias)
        self._kept: tuple[Tensor, ...] = ()
        encoder.register_forward_hook(self._keep)

    def _keep(self, _module: nn.Module, _inputs: tuple[Tensor, ...], result: Sequence[Tensor]) -> None:
        if self.training:
            self._kept = tuple(_features(result)[place] for place in self.places)

    def forward(self) -> tuple[Tensor, ...]:
        """Return the logits of the encoder's last pass, finest first: (N, C, h / stride, w / stride) each."""
        kept, self._kept = self._kept, ()
        return tuple(head(feature) for head, feature in zip(self.heads, kept, strict=True))


def _features(result: Sequence) -> Sequence[Tensor]:
    """A vision transformer's encoder gives its prefix tokens too."""
    return result if isinstance(result[0], Tensor) else result[0]


@torch.no_grad()
def _coarse_features(encoder: nn.Module, picture: Tensor) -> tuple[list[int], list[int]]:
    """Places and channels of the features that get a head, finest first."""
    mode = encoder.training
    features = _features(encoder.eval()(picture))
    encoder.train(mode)
    deepest: dict[int, int] = {}
    for place, feature in enumerate(features):
        stride = math.ceil(picture.shape[-1] / feature.shape[-1])
        if stride >= _COARSE and feature.shape[1]:
            deepest[stride] = place
    if not deepest:
        raise EncoderMismatch(f"its encoder has no feature of stride {_COARSE} or more to supervise")
    places = [deepest[stride] for stride in sorted(deepest)]
    return places, [features[place].shape[1] for place in places]
