"""What every network gives and takes: grey pictures of any size in, logits of that size out."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

PROBE = 64  # height and width of the picture that a new network is tried on


class Output(NamedTuple):
    """What a network says of a batch.

    Attributes:
        masks: logits, (N, C, H, W).
        classes: logits of each class being anywhere in the picture, (N, C); None without a class head.
    """

    masks: Tensor
    classes: Tensor | None


class Network(nn.Module):
    """A network that takes pictures of any height and width.

    Pictures are continued at the bottom and the right by repeating their last row and column, which looks
    more like steel than zeros do, up to the size that the body can take; the masks are cut back.

    Args:
        body: takes (N, channels, h, w) with h and w multiples of `stride`, and gives the logits of the
            masks (N, C, h, w), or these and the logits of the classes (N, C).
        stride: height and width inside are multiples of it.
        smallest: height and width inside are at least this.

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

    def forward(self, pictures: Tensor) -> Output:
        """Say where and which defects are.

        Args:
            pictures: (N, channels, H, W), float, normalised grey.

        Returns:
            Logits of masks (N, C, H, W) and, with a class head, of classes (N, C).
        """
        height, width = pictures.shape[-2:]
        below, right = self._missing(height), self._missing(width)
        if below or right:
            pictures = functional.pad(pictures, (0, right, 0, below), mode="replicate")  # (N, channels, h, w)
        result = self.body(pictures)
        masks, classes = result if isinstance(result, tuple) else (result, None)
        return Output(masks[..., :height, :width], classes)  # (N, C, H, W)

    def _missing(self, length: int) -> int:
        """How much is added to a height or a width."""
        wanted = max(length, self.smallest)
        return wanted + -wanted % self.stride - length


def settle(network: Network, channels: int) -> None:
    """Pass a blank picture forth and back, and freeze the weights that it does not reach.

    An encoder used to a smaller depth than its own, or a transformer's last norm, keeps weights that no mask
    depends on; distributed training waits for their gradients in vain unless they are frozen.

    Args:
        network: new; stays in training mode, without gradients and with untouched running means.
        channels: of the picture.

    Raises:
        ValueError: the masks have another size than the picture.

    Example:
        >>> body = nn.Conv2d(1, 4, 1)
        >>> body.unused = nn.Conv2d(1, 4, 1)
        >>> settle(Network(body, stride=1), channels=1)
        >>> [name for name, weight in body.named_parameters() if weight.requires_grad]
        ['weight', 'bias']
    """
    side = max(PROBE, network.smallest)
    side += -side % network.stride
    network.eval()
    with torch.enable_grad():
        result = network.body(torch.zeros(1, channels, side, side))
        parts = result if isinstance(result, tuple) else (result,)
        if parts[0].shape[-2:] != (side, side):
            ratio = parts[0].shape[-1] / side
            raise ValueError(f"its masks come out {ratio:g} times as wide as the picture: set upsampling")
        torch.stack([part.sum() for part in parts]).sum().backward()
    for weight in network.parameters():
        if weight.grad is None:
            weight.requires_grad_(False)
    network.zero_grad(set_to_none=True)
    network.train()
