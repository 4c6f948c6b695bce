"""Distances of pixels to the boundary of a mask, computed on the CPU for a batch."""

import cv2
import numpy as np
import torch
from torch import Tensor


def distance_to(mask: np.ndarray) -> np.ndarray:
    """Distance of every pixel to the nearest pixel of a mask, exact.

    Args:
        mask: bool, (H, W), with at least one pixel.

    Returns:
        float32, (H, W), in pixels; 0 on the mask.

    Example:
        >>> distance_to(np.array([[True, False, False], [False, False, False]])).round(2)
        array([[0.  , 1.  , 2.  ],
               [1.  , 1.41, 2.24]], dtype=float32)
    """
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def signed_distances(masks: Tensor) -> Tensor:
    """Return the distance of every pixel to the boundary of its mask: positive outside, negative inside.

    Outside it is the distance to the nearest pixel of the mask, inside 1 minus that to the nearest pixel
    without (as Kervadec's code), so that it is 0 on the boundary pixels. A mask over the whole picture ends
    at the picture's border. OpenCV makes it in about a millisecond a mask of 256 x 512; on a GPU the masks
    come to the CPU and back for it.

    Args:
        masks: bool, (N, C, H, W).

    Returns:
        float32, (N, C, H, W), in pixels, where the masks are; 0 for an empty mask.

    Example:
        >>> signed_distances(torch.tensor([[[[0, 1, 1, 1, 0, 0]]]]).bool())
        tensor([[[[ 1.,  0., -1.,  0.,  1.,  2.]]]])
    """
    pictures = masks.detach().cpu().numpy()
    distances = np.zeros(pictures.shape, np.float32)
    for pair in np.argwhere(pictures.any((2, 3))):
        mask = pictures[tuple(pair)]
        inside = distance_to(~np.pad(mask, 1))[1:-1, 1:-1] if mask.all() else distance_to(~mask)
        distances[tuple(pair)] = np.where(mask, 1 - inside, distance_to(mask))
    return torch.from_numpy(distances).to(masks.device)
