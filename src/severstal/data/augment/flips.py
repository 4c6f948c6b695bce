"""Cutting, resizing and mirroring a window."""

import cv2
import numpy as np

from severstal.data.augment.window import Window


def cut(
    picture: np.ndarray,
    bits: np.ndarray,
    window: Window,
    size: tuple[int, int],
    horizontal: bool,
    vertical: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a window out of a picture and its mask.

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours.
        bits: (H, W), bit k - 1 for class k.
        window: window to cut out.
        size: height and width of the result: the picture is resized by area or linearly, the mask by the
            nearest pixel.
        horizontal: whether to flip left and right.
        vertical: whether to flip top and bottom.

    Returns:
        Both of that size, as new arrays.

    Example:
        >>> picture = np.arange(6, dtype=np.uint8).reshape(2, 3)
        >>> cut(picture, picture, Window(0, 1, 2, 2), (2, 2), True, False)[0]
        array([[2, 1],
               [5, 4]], dtype=uint8)
    """
    picture, bits = window.of(picture), window.of(bits)
    if bits.shape != size:
        shrunk = bits.size > size[0] * size[1]
        how = cv2.INTER_AREA if shrunk else cv2.INTER_LINEAR
        picture = cv2.resize(picture, size[::-1], interpolation=how)
        # "Exact" takes the pixel at the centre, as the others do; the plain one is half a pixel off.
        bits = cv2.resize(bits, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    if not (horizontal or vertical):
        return picture.copy(), bits.copy()
    code = -1 if horizontal and vertical else 1 if horizontal else 0
    return cv2.flip(picture, code), cv2.flip(bits, code)
