"""Cross-entropy with a higher weight on narrow gaps between components of a mask."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from severstal.losses.distances import distance_to
from severstal.losses.target import binarize, by_class, to_float32

_W0, _SIGMA = 10.0, 5.0  # w0 and sigma of the paper
_REACH = 6 * _SIGMA  # farther away the weight is below float32's precision


def border_weights(masks: Tensor) -> Tensor:
    """Weights of the gaps between components of masks: w0 exp(-(d1 + d2)^2 / (2 sigma^2)), w0 = 10, sigma =
    5.

    d1 and d2 are the distances to the nearest and the second nearest component (8-connected) of the same mask
    (Ronneberger 2015, equation 2). Only pixels of no component get a weight, as in the paper's figure 3, and
    only where the second component is within 30 pixels: farther away the weight is below 2e-7. Computed on
    the CPU in a window around each component, so that a picture with many of them takes milliseconds.

    Args:
        masks: bool, (N, C, H, W).

    Returns:
        float32, (N, C, H, W), 0 to 10, where the masks are.

    Example:
        >>> border_weights(torch.tensor([[[[1, 0, 1, 0, 0, 1, 1]]]]).bool())[0, 0].round()
        tensor([[0., 9., 0., 8., 8., 0., 0.]])
    """
    pictures = masks.cpu().numpy()
    weights = np.zeros(pictures.shape, np.float32)
    for pair in np.argwhere(pictures.any((2, 3))):
        weights[tuple(pair)] = _gaps(pictures[tuple(pair)])
    return torch.from_numpy(weights).to(masks.device)


def _gaps(mask: np.ndarray) -> np.ndarray:
    count, pieces, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    nearest, second = np.full((2, *mask.shape), np.inf, np.float32)
    if count < 3:  # the background is the first
        return np.zeros(mask.shape, np.float32)
    for piece in range(1, count):
        left, top, width, height = boxes[piece, :4]
        rows = slice(max(top - int(_REACH), 0), top + height + int(_REACH))
        columns = slice(max(left - int(_REACH), 0), left + width + int(_REACH))
        distance = distance_to(pieces[rows, columns] == piece)
        first = nearest[rows, columns]
        second[rows, columns] = np.minimum(second[rows, columns], np.maximum(first, distance))
        nearest[rows, columns] = np.minimum(first, distance)
    weights = _W0 * np.exp(-((nearest + second) ** 2) / (2 * _SIGMA**2))
    return np.where(mask, 0, weights).astype(np.float32)


def border_cross_entropy(
    masks: Tensor, target: Tensor, positive_weights: Sequence[float] = (), truth: Tensor | None = None
) -> Tensor:
    """Mean over the pixels of the cross-entropy of mask logits times 1 + `border_weights`.

    The paper's w_c, which balances the frequencies of the classes, is `positive_weights`.

    Args:
        masks: logits, (N, C, H, W); computed in float32 at least.
        target: 0 to 1, (N, C, H, W).
        positive_weights: weight of the pixels of each class; one per class, one for all, or none for 1.
        truth: the target before its edges were smoothed, as smoothing fills narrow gaps; None is the target.
            It is binarized at 0.5.

    Returns:
        One value per pair, (N, C).

    Example:
        >>> truth = torch.tensor([[[[1.0, 0.0, 1.0]]]])
        >>> border_cross_entropy(torch.zeros(1, 1, 1, 3), truth)  # ln 2 (3 + 10 exp(-4 / 50)) / 3
        tensor([[2.8260]])
    """
    masks = to_float32(masks)
    target = target.to(masks.dtype)
    positive = by_class(positive_weights, masks) if len(positive_weights) else None
    losses = functional.binary_cross_entropy_with_logits(masks, target, pos_weight=positive, reduction="none")
    pieces = binarize(target if truth is None else truth)
    return (losses * (1 + border_weights(pieces))).mean((2, 3))  # (N, C)
