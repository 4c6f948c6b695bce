"""The contrast of a defect to the steel around it."""

import cv2
import numpy as np

from severstal.data.arrays import to_luma

_RING = 12  # pixels around the defect that it is compared with
_BLACK = 15  # grey levels up to which a pixel is of a black band and not of steel


def mask_contrast(picture: np.ndarray, plane: np.ndarray) -> float:
    """Return the distance of a defect's grey from that of the steel around it, relative to that steel's own.

    Both are mean absolute deviations from the median of the pixels around the mask, so that dark, bright and
    mottled defects all count. Black bands beside the steel are left out.

    Args:
        picture: (H, W) uint8, grey; (H, W, 3) of colours, by its luma.
        plane: (H, W) mask of one class, bool or 0 and 1.

    Returns:
        About 1 where the defect looks like the steel around it, more where it stands out; nan where the mask
        is empty or has no steel around it.

    Example:
        >>> picture = np.tile(np.uint8([100, 102]), (64, 32))
        >>> plane = np.zeros((64, 64), np.uint8)
        >>> plane[20:40, 20:40] = 1
        >>> mask_contrast(picture, plane), mask_contrast(picture + 50 * plane, plane)
        (1.0, 50.0)
    """
    picture, inside = to_luma(picture), plane.astype(bool)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _RING + 1, 2 * _RING + 1))
    around = cv2.dilate(inside.astype(np.uint8), kernel).astype(bool) & ~inside & (picture > _BLACK)
    if not inside.any() or not around.any():
        return float("nan")
    middle = np.median(picture[around])
    own, beside = (np.abs(picture[part] - middle).mean() for part in (inside, around))
    return float(own / max(beside, 1.0))  # one grey level at least
