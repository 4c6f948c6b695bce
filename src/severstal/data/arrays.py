"""Array operations on pictures and masks that inference needs too, without importing augmentation."""

import cv2
import numpy as np


def shrink(array: np.ndarray, scale: int) -> np.ndarray:
    """Downscale the first two axes by a whole factor, rounded up, by area averaging.

    Example:
        >>> shrink(np.array([[0, 2], [4, 6]], np.uint8), 2)
        array([[3]], dtype=uint8)
    """
    if scale == 1:
        return array
    size = (-(-array.shape[1] // scale), -(-array.shape[0] // scale))
    return cv2.resize(array, size, interpolation=cv2.INTER_AREA)


def to_luma(picture: np.ndarray) -> np.ndarray:
    """The brightness of a picture: 0.299 R + 0.587 G + 0.114 B (ITU-R 601-2); that of a grey one is itself.

    Args:
        picture: (H, W) or (H, W, 3) uint8.

    Returns:
        (H, W) uint8.

    Example:
        >>> to_luma(np.uint8([[[255, 0, 0], [9, 9, 9]]])).tolist()
        [[76, 9]]
    """
    return picture if picture.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)


def with_channels(grey: np.ndarray, channels: int) -> np.ndarray:
    """A grey picture, (H, W), with so many channels: (H, W, 3) of three equal ones, or as it is with one."""
    return grey if channels == 1 else np.repeat(grey[..., None], channels, axis=2)


def with_colours(picture: np.ndarray) -> np.ndarray:
    """A copy of a picture, (H, W) or (H, W, 3) uint8, as (H, W, 3), to be drawn on."""
    return np.array(picture, order="C") if picture.ndim == 3 else with_channels(picture, 3)


def where_pixels(condition: np.ndarray, chosen: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Choose pixels from one of two pictures, as `np.where` does.

    Args:
        condition: (H, W) bool.
        chosen: (H, W) or (H, W, 3), taken where the condition holds.
        other: as `chosen`, taken elsewhere.

    Example:
        >>> colours = np.uint8([[[1, 2, 3], [4, 5, 6]]])
        >>> where_pixels(np.array([[True, False]]), colours, 10 * colours).tolist()
        [[[1, 2, 3], [40, 50, 60]]]
    """
    return np.where(condition if chosen.ndim == 2 else condition[..., None], chosen, other)


def pad_black(array: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Pad the first two axes at the bottom and the right with zeros: black in a picture, no class in a mask.

    Black is what surrounds the steel in the competition's pictures, too.

    Args:
        array: (H, W) or (H, W, ...).
        size: height and width at least.

    Returns:
        `array` itself where it is large enough.

    Example:
        >>> pad_black(np.array([[7, 8]]), (2, 3)).tolist()
        [[7, 8, 0], [0, 0, 0]]
    """
    missing = [max(0, side - own) for side, own in zip(size, array.shape[:2], strict=True)]
    if not any(missing):
        return array
    return np.pad(array, [(0, missing[0]), (0, missing[1])] + [(0, 0)] * (array.ndim - 2))


def unpack(bits: np.ndarray, classes: int) -> np.ndarray:
    """Unpack a bitmask into one plane per class.

    Args:
        bits: (H, W) unsigned, bit k - 1 for class k.
        classes: number of planes.

    Returns:
        (C, H, W) uint8 of 0 and 1.

    Example:
        >>> unpack(np.array([[0, 1, 2, 3]], np.uint8), 2).tolist()
        [[[0, 1, 0, 1]], [[0, 0, 1, 1]]]
    """
    planes = np.arange(classes, dtype=bits.dtype)[:, None, None]
    return ((bits >> planes) & 1).astype(np.uint8)
