"""The contour of a mask as points, and distances between contours."""

import cv2
import numpy as np
from scipy.spatial import cKDTree

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def contour(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask with a 4-neighbour outside it; everything beyond the picture is outside.

    Args:
        mask: (H, W) bool.

    Returns:
        (n, 2) int64 rows and columns; n is 0 only for an empty mask.

    Example:
        >>> contour(np.ones((3, 3), bool)).tolist()
        [[0, 0], [0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1], [2, 2]]
    """
    whole = mask.view(np.uint8)
    left, top, width, height = cv2.boundingRect(whole)
    part = whole[top : top + height, left : left + width]
    if not part.size:
        return np.empty((0, 2), np.int64)
    inside = cv2.erode(part, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.argwhere(part != inside) + np.array([top, left])


def distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The distance of each point to the nearest of some others.

    Args:
        points: (n, 2).
        others: (m, 2), at least one.

    Returns:
        (n,) float64 Euclidean distances in pixels.

    Example:
        >>> distances(np.array([[0, 0], [3, 3]]), np.array([[0, 1], [3, 3]]))
        array([1., 0.])
    """
    return cKDTree(others).query(points)[0]
