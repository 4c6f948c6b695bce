"""Opening, closing and smoothing a mask: steps that need only the mask."""

import cv2
import numpy as np


def disc(radius: int) -> np.ndarray:
    """The pixels within a distance of the middle one: (2 radius + 1, 2 radius + 1) uint8 of 0 and 1.

    Example:
        >>> disc(1).tolist()
        [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    steps = np.arange(-radius, radius + 1)
    return (np.square(steps)[:, None] + np.square(steps) <= radius**2).astype(np.uint8)


def opened(mask: np.ndarray, radius: int) -> np.ndarray:
    """Morphological opening of a mask with a disc: parts thinner than it are removed.

    Outside the picture the mask counts as set for the erosion, so that a defect at the edge keeps reaching
    it, and as unset for the dilation.

    Args:
        mask: (H, W) bool.
        radius: radius of the disc in pixels; 0 changes nothing.

    Returns:
        (H, W) bool, a part of `mask`.

    Example:
        >>> opened(np.bool_([[0, 1, 0, 0, 0], [1, 1, 1, 1, 1], [0, 1, 0, 0, 0]]), 1).astype(int)
        array([[0, 1, 0, 0, 0],
               [1, 1, 1, 0, 0],
               [0, 1, 0, 0, 0]])
    """
    return _morph(mask, cv2.MORPH_OPEN, radius)


def closed(mask: np.ndarray, radius: int) -> np.ndarray:
    """Morphological closing of a mask with a disc: gaps, inlets and holes thinner than it are filled.

    The picture is padded so that neither step changes the mask from outside: a gap between a mask and
    the picture's edge closes up to the radius, one between two masks up to twice that.

    Args:
        mask: (H, W) bool.
        radius: radius of the disc in pixels; 0 changes nothing.

    Returns:
        (H, W) bool, of which `mask` is a part.

    Example:
        >>> closed(np.bool_([[0, 0, 1, 0, 1, 0, 0]]), 1).astype(int)
        array([[0, 0, 1, 1, 1, 0, 0]])
        >>> closed(np.bool_([[1, 0, 0, 1, 0, 0, 0]]), 1).astype(int)
        array([[1, 1, 1, 1, 0, 0, 0]])
    """
    return _morph(mask, cv2.MORPH_CLOSE, radius)


def smoothed(mask: np.ndarray, deviation: float) -> np.ndarray:
    """Blur a mask with a Gaussian and threshold it at one half: corners are rounded, straight edges stay.

    The Gaussian is cut off at four deviations; the picture is padded by its outermost pixels.

    Args:
        mask: (H, W) bool.
        deviation: standard deviation in pixels; 0 changes nothing.

    Returns:
        (H, W) bool.

    Example:
        >>> smoothed(np.bool_([[0, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 1]]), 1).astype(int)
        array([[0, 0, 0, 0],
               [0, 0, 0, 0],
               [1, 1, 1, 1]])
    """
    if not deviation:
        return mask
    size = 2 * max(int(4 * deviation + 0.5), 1) + 1
    whole = mask.astype(np.float32)
    blurred = cv2.GaussianBlur(whole, (size, size), deviation, borderType=cv2.BORDER_REPLICATE)
    return blurred > 0.5


def _morph(mask: np.ndarray, step: int, radius: int) -> np.ndarray:
    if not radius:
        return mask
    return cv2.morphologyEx(mask.view(np.uint8), step, disc(radius)).view(bool)
