"""Masks of annotated shapes: a pixel is set if its centre is inside."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from severstal.annotations.labels import Unusable
from severstal.annotations.outside import quote
from severstal.annotations.polygons import fill
from severstal.errors import SeverstalError

_FARTHEST = 1e6  # pixels; no hand draws farther out of a picture


def coordinate(value: Any, where: str) -> float:
    """Check a coordinate or a length in pixels, given as a number or as the text of one.

    Raises:
        SeverstalError: the value is not a number, is non-finite, or is above a million pixels.

    Example:
        >>> coordinate("2.5", "a.xml box 1")
        2.5
        >>> coordinate(float("nan"), "a.json shape 1")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a.json shape 1: nan is not a coordinate in pixels: draw it again
    """
    try:
        # Not by float(), which also takes True, and texts such as 1_0
        result = float(value) if type(value) in (int, float) or _is_plain(value) else math.nan
    except (ValueError, OverflowError):
        result = math.nan
    if not abs(result) <= _FARTHEST:
        raise SeverstalError(f"{where}: {quote(value)} is not a coordinate in pixels: draw it again")
    return result


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and "_" not in value


def polygon(points: Sequence[Sequence[Any]], shape: tuple[int, int], where: str) -> np.ndarray:
    """Draw a polygon, clipped to the picture.

    Args:
        points: x, y of each corner in pixels from the upper left corner of the picture.
        shape: height and width in pixels.
        where: file and shape, for the error.

    Returns:
        (H, W) bool.

    Raises:
        Unusable: fewer than three different corners.
        SeverstalError: a coordinate is none.

    Example:
        >>> polygon([(0, 0), (5, 0)], (2, 2), "a.json shape 1")
        Traceback (most recent call last):
        severstal.annotations.labels.Unusable: a.json shape 1: has fewer than 3 different corners: left out
    """
    corners = []
    for point in points:
        if not isinstance(point, list | tuple) or len(point) != 2:
            raise SeverstalError(f"{where}: a corner is not a pair x, y: draw the shape again")
        corners.append((coordinate(point[0], where), coordinate(point[1], where)))
    if len(set(corners)) < 3:
        raise Unusable(where, "has fewer than 3 different corners")
    return fill(np.array(corners), shape)


def box(x0: float, y0: float, x1: float, y1: float, shape: tuple[int, int], angle: float = 0.0) -> np.ndarray:
    """Draw a rectangle between two opposite corners, rotated clockwise about its centre by `angle` degrees.

    Example:
        >>> box(0, 0, 2, 1, (2, 3)).astype(int)
        array([[1, 1, 0],
               [0, 0, 0]])
    """
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    if angle:
        centre, turn = corners.mean(axis=0), math.radians(angle)
        cosine, sine = math.cos(turn), math.sin(turn)
        corners = centre + (corners - centre) @ np.array([[cosine, sine], [-sine, cosine]])
    return fill(corners, shape)


def ellipse(
    x: float, y: float, radius_x: float, radius_y: float, shape: tuple[int, int], angle: float = 0.0
) -> np.ndarray:
    """Draw an ellipse, edge included, rotated clockwise about its centre by `angle` in degrees.

    Example:
        >>> ellipse(1.5, 1.5, 1, 1, (3, 3)).astype(int)
        array([[0, 1, 0],
               [1, 1, 1],
               [0, 1, 0]])
    """
    radius_x, radius_y = abs(radius_x), abs(radius_y)
    if not (radius_x and radius_y):
        return np.zeros(shape, bool)
    turn = math.radians(angle)
    down, right = np.ogrid[: shape[0], : shape[1]]
    down, right = down + 0.5 - y, right + 0.5 - x
    along = right * math.cos(turn) + down * math.sin(turn)
    across = down * math.cos(turn) - right * math.sin(turn)
    return (along / radius_x) ** 2 + (across / radius_y) ** 2 <= 1


def patch(bits: np.ndarray, top: int, left: int, shape: tuple[int, int]) -> np.ndarray:
    """Place a small mask in the picture, cropped at its borders.

    Example:
        >>> patch(np.ones((2, 2), bool), -1, 1, (2, 3)).astype(int)
        array([[0, 1, 1],
               [0, 0, 0]])
    """
    mask = np.zeros(shape, bool)
    height, width = bits.shape
    inner = bits[max(-top, 0) : max(shape[0] - top, 0), max(-left, 0) : max(shape[1] - left, 0)]
    mask[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = inner
    return mask
