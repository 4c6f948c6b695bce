"""The interface of every network: pictures of any size in, logits of that size out."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from severstal.errors import SeverstalError
from severstal.models.auxiliary import AuxiliaryHeads
from severstal.models.mismatch import EncoderMismatch, library_call, runs_library_code

_SIDE = 64  # height and width of the picture that a new network is tried on


class Output(NamedTuple):
    """The output of a network for a batch.

    Attributes:
        masks: logits, (N, C, H, W).
        classes: logits of each class being anywhere in the picture, (N, C); None without a class head.
    """

    masks: Tensor
    classes: Tensor | None


class DeepOutput(NamedTuple):
    """The output of a network with deep supervision in training mode.

    Attributes:
        masks: logits, (N, C, H, W).
        classes: logits of each class being anywhere in the picture, (N, C); None without a class head.
        auxiliary: logits from the encoder's coarser features, finest first, each (N, C, h, w), mostly of
            stride 8, 14, 16 or 32.
        covered: height and width in pixels that the h x w cells of each of these cover from the top left: the
            picture's, or more where the last cells reach beyond it.
    """

    masks: Tensor
    classes: Tensor | None
    auxiliary: tuple[Tensor, ...]
    covered: tuple[tuple[int, int], ...]


class OwnLossOutput(NamedTuple):
    """The output, in training mode, of a network with a loss of its own.

    A body that returns it has an attribute `own_loss` that is true, and a stride of 1.

    Attributes:
        masks: logits, (N, C, H, W), without gradient; None where it has none in training mode.
        classes: logits of each class being anywhere in the picture, (N, C); None without a class head.
        loss: function from the true masks (N, C, H, W) to a scalar with gradient, a mean over the pictures.
    """

    masks: Tensor | None
    classes: Tensor | None
    loss: Callable[[Tensor], Tensor]


class Network(nn.Module):
    """A network that takes pictures of any height and width.

    Pictures are padded at the bottom and the right up to a size that the body can take, by repeating their
    last row and column, which looks more like steel than zeros do; the masks are cropped back.

    Args:
        body: module from (N, channels, h, w), with h and w multiples of `stride`, to the mask logits (N, C,
            h, w), or these and the class logits (N, C), or `OwnLossOutput`.
        stride: number of pixels; height and width are padded to multiples of it.
        smallest: smallest height and width, in pixels, after padding.

    Attributes:
        auxiliary: heads of deep supervision on the body's encoder, or None; see `supervise`.
        built_as: record that is stored with its weights, see `severstal.models.editions`.

    Example:
        >>> network = Network(nn.Conv2d(1, 4, 3, padding=1), stride=32)
        >>> network(torch.zeros(2, 1, 70, 101)).masks.shape
        torch.Size([2, 4, 70, 101])
    """

    def __init__(self, body: nn.Module, stride: int, smallest: int = 1) -> None:
        super().__init__()
        self.body = body
        self.stride = stride
        self.smallest = smallest
        self.auxiliary: AuxiliaryHeads | None = None
        self.built_as: Mapping[str, Any] = {}

    def forward(self, pictures: Tensor) -> Output | DeepOutput | OwnLossOutput:
        """Predict masks and classes.

        Args:
            pictures: (N, channels, H, W), float, normalised grey; at least one.

        Returns:
            Logits of masks (N, C, H, W) and, with a class head, of classes (N, C); in training mode also
            those of the auxiliary heads, or the network's own loss.
        """
        height, width = pictures.shape[-2:]
        below, right = self._missing(height), self._missing(width)
        if below or right:
            pictures = functional.pad(pictures, (0, right, 0, below), mode="replicate")  # (N, channels, h, w)
        result = self.body(pictures)
        if isinstance(result, OwnLossOutput):
            return result
        masks, classes = result if isinstance(result, tuple) else (result, None)
        masks = masks[..., :height, :width]  # (N, C, H, W)
        if not self.training or self.auxiliary is None:
            return Output(masks, classes)
        coarser = self._auxiliary_logits()
        return DeepOutput(masks, classes, *_cut(coarser, (height, width), pictures.shape[-2:]))

    def _auxiliary_logits(self) -> tuple[Tensor, ...]:
        """The logits of the auxiliary heads for the padded picture."""
        return self.auxiliary()

    def _missing(self, length: int) -> int:
        """Return how many pixels are padded to a height or a width."""
        wanted = max(length, self.smallest)
        return wanted + -wanted % self.stride - length


def _cut(
    coarser: Sequence[Tensor], size: Sequence[int], inside: Sequence[int]
) -> tuple[tuple[Tensor, ...], tuple[tuple[int, int], ...]]:
    """Drop the cells in the padding; also return how many pixels the others cover."""
    logits, covered = [], []
    for coarse in coarser:
        rows, below = _squares(size[0], inside[0], coarse.shape[-2])
        columns, right = _squares(size[1], inside[1], coarse.shape[-1])
        logits.append(coarse[..., :rows, :columns])
        covered.append((below, right))
    return tuple(logits), tuple(covered)


def _squares(length: int, inside: int, count: int) -> tuple[int, int]:
    """Of the cells along a side, how many overlap the picture, and how many pixels these cover.

    In integers, which is exact also where a cell is not a whole number of pixels wide.
    """
    kept = -(-length * count // inside)
    return kept, -(-kept * inside // count)


def encoder_of(network: nn.Module) -> nn.Module | None:
    """Return the encoder of a network, the part that may be pretrained.

    Args:
        network: a `Network`, or one that torch.compile or a distributed trainer has wrapped.

    Returns:
        None where the network has no such part.

    Example:
        >>> encoder_of(Network(nn.Conv2d(1, 4, 1), stride=1)) is None
        True
    """
    for module in network.modules():
        if isinstance(module, Network):
            return getattr(module.body, "encoder", None)
    return None


def has_own_loss(network: Network) -> bool:
    """Return whether a network brings its own loss, in place of the recipe's losses of masks.

    Example:
        >>> has_own_loss(Network(nn.Conv2d(1, 4, 1), stride=1))
        False
    """
    return getattr(network.body, "own_loss", False)


def supervise(network: Network, channels: int, classes: int, bias: float) -> None:
    """Add heads of deep supervision to a network.

    Args:
        network: newly built network.
        channels: number of picture channels.
        classes: number of mask classes.
        bias: initial bias of the heads, a logit.

    Raises:
        SeverstalError: the network has a loss of its own, or no encoder.
        EncoderMismatch: the encoder has no coarse features.
    """
    if has_own_loss(network):
        raise SeverstalError(
            "the architecture trains by a loss of its own, which knows no coarser masks: "
            "set loss.deep_supervision = 0, or choose another architecture"
        )
    encoder = encoder_of(network)
    if encoder is None:
        raise SeverstalError(
            "the architecture has no encoder to supervise: "
            "set loss.deep_supervision = 0, or choose another architecture"
        )
    network.auxiliary = AuxiliaryHeads(encoder, _blank(network, channels), classes, bias)


def _blank(network: Network, channels: int) -> Tensor:
    side = max(_SIDE, network.smallest)
    side += -side % network.stride
    return torch.zeros(1, channels, side, side)


def check_features(network: Network, channels: int) -> None:
    """Check that an encoder takes a picture, and that its features have the strides that the body reads.

    Only encoders of smp and timm are checked, and the strides where the body has an attribute `reads`, as
    `Body` has it.

    Args:
        network: newly built network; stays in training mode, with its running statistics unchanged.
        channels: number of picture channels.

    Raises:
        EncoderMismatch: the encoder fails, or gives other features.

    Example:
        >>> from severstal.models.fcn import Fcn8s
        >>> check_features(Network(Fcn8s("tu-test_resnet", None, 1, 4), stride=32), channels=1)
    """
    encoder = encoder_of(network)
    if encoder is None or not runs_library_code(encoder):
        return
    picture = _blank(network, channels)
    mode = encoder.training
    with torch.no_grad(), library_call():
        features = encoder.eval()(picture)
    encoder.train(mode)
    for place, stride in getattr(network.body, "reads", {}).items():
        if not -len(features) <= place < len(features) or features[place].shape[1] == 0:
            raise EncoderMismatch(f"its encoder has no feature of stride {stride}")
        if features[place].shape[-1] * stride != picture.shape[-1]:
            own = picture.shape[-1] / features[place].shape[-1]
            raise EncoderMismatch(f"its encoder has a feature of stride {own:g} in place of {stride}")


def freeze_unused(network: Network, channels: int) -> None:
    """Freeze the weights that no output depends on: those without a gradient from a blank picture.

    An encoder used to a smaller depth than its own, or a transformer's last norm, has such weights;
    distributed training would wait for their gradients. None is frozen where the network has a loss of its
    own, which may reach weights that the masks of a blank picture do not.

    Args:
        network: newly built network; stays in training mode, without gradients, with its running statistics
            unchanged.
        channels: number of picture channels.

    Raises:
        EncoderMismatch: the masks have another size than the picture, or a network of smp fails.

    Example:
        >>> body = nn.Conv2d(1, 4, 1)
        >>> body.unused = nn.Conv2d(1, 4, 1)
        >>> freeze_unused(Network(body, stride=1), channels=1)
        >>> [name for name, weight in body.named_parameters() if weight.requires_grad]
        ['weight', 'bias']
    """
    picture = _blank(network, channels)
    network.eval()
    if network.auxiliary is not None:
        network.auxiliary.train()  # its heads count too
    own_loss = has_own_loss(network)
    with torch.set_grad_enabled(not own_loss):
        with library_call() if runs_library_code(network.body) else nullcontext():
            result = network.body(picture)
        parts = result if isinstance(result, tuple) else (result,)
        if parts[0].shape[-2:] != picture.shape[-2:]:
            ratio = parts[0].shape[-1] / picture.shape[-1]
            raise EncoderMismatch(f"its masks are {ratio:g} times as wide as the picture: set upsampling")
        if network.auxiliary is not None:
            parts = (*parts, *network.auxiliary())
        if not own_loss:
            torch.stack([part.sum() for part in parts]).sum().backward()
            for weight in network.parameters():
                if weight.grad is None:
                    weight.requires_grad_(False)
    network.zero_grad(set_to_none=True)
    network.train()
