"""What the losses compare with: the truth, made hard, smooth, or coarse, and weights by class."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from severstal.errors import SeverstalError


def to_float32(values: Tensor) -> Tensor:
    """Give the same values in float32, or in float64 where they are.

    Example:
        >>> to_float32(torch.zeros(1, dtype=torch.bfloat16)).dtype
        torch.float32
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))


def binarize(target: Tensor) -> Tensor:
    """Give the pixels that belong to a mask for at least a half, as bool.

    Example:
        >>> binarize(torch.tensor([0.0, 0.4, 0.5, 1.0]))
        tensor([False, False,  True,  True])
    """
    return target >= 0.5


def by_class(weights: Sequence[float], masks: Tensor, name: str = "positive_weights") -> Tensor:
    """Give weights of classes in a form that multiplies masks.

    Args:
        weights: one a class, or one for all.
        masks: (N, C, H, W).
        name: of the setting.

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
    """Move the truth by a share of the way towards a half (Szegedy 2016, section 7, for two labels).

    Example:
        >>> smooth_labels(torch.tensor([0.0, 1.0]), 0.1)
        tensor([0.0500, 0.9500])
    """
    return target.lerp(torch.full_like(target, 0.5), share) if share else target


def smooth_edges(target: Tensor, width: float) -> Tensor:
    """Blur the edges of masks: labels are sure inside and outside, not to the pixel where they end.

    A Gaussian whose standard deviation is a quarter of `width`, so that across a straight edge the truth goes
    from 0.02 to 0.98 over that width. Masks go on beyond the picture as they reach its border.

    Args:
        target: 0 to 1, (N, C, H, W), floating.
        width: in pixels; 0 changes nothing.

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
    """Make the truth as coarse as an output of deep supervision, and of exactly its size.

    A coarse pixel is of a class if any pixel that it touches is: in a mean a small defect would fade.

    Args:
        target: 0 to 1, (N, C, H, W).
        size: h and w of the output.
        covered: height and width that its pixels share evenly, from the top left: the picture's, or more
            where the last row and column reach beyond it. Any will do, also with no whole pixels to a side.

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
