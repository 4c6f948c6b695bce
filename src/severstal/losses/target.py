"""The targets of the losses: binarized, smoothed or downscaled masks; and weights per class."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from severstal.errors import SeverstalError


def to_float32(values: Tensor) -> Tensor:
    """Convert to float32; float64 stays.

    Example:
        >>> to_float32(torch.zeros(1, dtype=torch.bfloat16)).dtype
        torch.float32
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))


def binarize(target: Tensor) -> Tensor:
    """Binarize a soft mask at 0.5, inclusive; bool.

    Example:
        >>> binarize(torch.tensor([0.0, 0.4, 0.5, 1.0]))
        tensor([False, False,  True,  True])
    """
    return target >= 0.5


def by_class(weights: Sequence[float], masks: Tensor, name: str = "positive_weights") -> Tensor:
    """Shape weights of classes so that they broadcast against masks.

    Args:
        weights: one per class, or one for all.
        masks: (N, C, H, W); gives type and device.
        name: name of the setting, for error messages.

    Returns:
        (C, 1, 1), or (1, 1, 1) for one weight.

    Raises:
        SeverstalError: another number of weights.

    Example:
        >>> by_class([1.0, 2.0], torch.zeros(1, 2, 8, 8)).shape
        torch.Size([2, 1, 1])
    """
    classes = masks.shape[1]
    if len(weights) not in (1, classes):
        raise SeverstalError(
            f"loss.{name} has {len(weights)} numbers for {classes} classes: give one for each, or one for all"
        )
    return torch.tensor(weights, dtype=masks.dtype, device=masks.device)[:, None, None]


def smooth_labels(target: Tensor, share: float) -> Tensor:
    """Smooth labels: move them by a share of the way to 0.5 (Szegedy 2016, section 7, for two labels).

    Example:
        >>> smooth_labels(torch.tensor([0.0, 1.0]), 0.1)
        tensor([0.0500, 0.9500])
    """
    return target.lerp(torch.full_like(target, 0.5), share) if share else target


def smooth_edges(target: Tensor, width: float) -> Tensor:
    """Blur the edges of masks: annotators agree on where a defect is, not on the pixel where it ends.

    A Gaussian whose standard deviation is a quarter of `width`, so that across a straight edge the target
    goes from 0.02 to 0.98 over that width. At the picture's border the masks are padded by their last pixels.

    Args:
        target: 0 to 1, (N, C, H, W), floating.
        width: width of the blurred edge, in pixels; 0 changes nothing.

    Example:
        >>> edge = torch.tensor([0.0, 0, 0, 0, 1, 1, 1, 1]).expand(1, 1, 8, 8)
        >>> smooth_edges(edge, 4.0)[0, 0, 0]
        tensor([0.0000, 0.0044, 0.0584, 0.3005, 0.6995, 0.9416, 0.9956, 1.0000])
    """
    if not width:
        return target
    sigma = width / 4
    reach = math.ceil(3 * sigma)
    steps = torch.arange(-reach, reach + 1, dtype=target.dtype, device=target.device)
    kernel = torch.exp(-0.5 * (steps / sigma).square())
    kernel = (kernel / kernel.sum())[None, None, None]  # (1, 1, 1, K)
    flat = target.flatten(0, 1)[:, None]  # (N * C, 1, H, W)
    flat = functional.pad(flat, (reach, reach, reach, reach), mode="replicate")
    flat = functional.conv2d(functional.conv2d(flat, kernel), kernel.transpose(2, 3))
    return flat.clamp(0, 1).view_as(target)


def coarsen_target(target: Tensor, size: Sequence[int], covered: Sequence[int]) -> Tensor:
    """Downscale a target by its maximum to the size of an output of deep supervision.

    A coarse pixel has a class where any pixel that it touches has it: by the mean a small defect would
    vanish.

    Args:
        target: 0 to 1, (N, C, H, W).
        size: h and w of the output.
        covered: height and width in pixels that the output covers from the top left: those of the picture, or
            more where its last row and column reach beyond. They need not be multiples of `size`.

    Returns:
        (N, C, h, w).

    Example:
        >>> truth = torch.zeros(1, 1, 28, 40)
        >>> truth[0, 0, 14, 28] = 1
        >>> coarsen_target(truth, (2, 3), covered=(28, 42))[0, 0]  # squares of 14
        tensor([[0., 0., 0.],
                [0., 0., 1.]])
    """
    below, right = (whole - inside for whole, inside in zip(covered, target.shape[2:], strict=True))
    return functional.adaptive_max_pool2d(functional.pad(target, (0, right, 0, below)), tuple(size))
