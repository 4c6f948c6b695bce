"""Crops that enlarge a defect, for galleries."""

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np

from severstal.competition.spec import Spec

_MARGIN = 1.5  # the crop is this much larger than the defect


def zoom_window(
    plane: np.ndarray, aspect: float, least: int = 64, whole: bool = False
) -> tuple[slice, slice]:
    """The part of a picture that shows a defect enlarged.

    Args:
        plane: (H, W) mask of one class, at least one pixel of it true.
        aspect: width over height of the part, where the picture is large enough.
        least: height of the part in pixels at least, so that single pixels are not shown as large squares.
        whole: around all components instead of the largest one.

    Returns:
        Rows and columns, inside the picture.

    Example:
        >>> plane = np.zeros((256, 1600), np.uint8)
        >>> plane[100:120, 300:310] = 1
        >>> zoom_window(plane, aspect=2.0)
        (slice(78, 142, None), slice(241, 369, None))
    """
    height, width = plane.shape
    _, _, boxes, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(plane, np.uint8))
    left, top, wide, tall, _ = boxes[1:][boxes[1:, cv2.CC_STAT_AREA].argmax()]
    if whole:
        left, top, wide, tall = cv2.boundingRect(np.ascontiguousarray(plane, np.uint8))
    rows = min(height, max(least, _MARGIN * tall, _MARGIN * wide / aspect))
    columns = min(width, rows * aspect)
    rows = min(rows, columns / aspect)
    rows, columns = max(1, round(rows)), max(1, round(columns))
    return _centred(top + tall / 2, rows, height), _centred(left + wide / 2, columns, width)


def _centred(middle: float, length: int, limit: int) -> slice:
    """The slice of a length around a middle, moved inside 0 to `limit`."""
    start = int(np.clip(round(middle - length / 2), 0, limit - length))
    return slice(start, start + length)


def defect_window(bits: np.ndarray, shape: tuple[int, int]) -> tuple[slice, slice]:
    """The part of a picture, from its upper edge, that shows most of its defects; the middle of a clean one.

    Args:
        bits: (H, W) bitmask.
        shape: height and width of the part, at most; those of a smaller picture count.

    Example:
        >>> defect_window(np.uint8([[0, 0, 0, 0, 4, 0]]), (1, 2))
        (slice(0, 1, None), slice(4, 6, None))
    """
    shape = min(shape[0], bits.shape[0]), min(shape[1], bits.shape[1])
    covered = np.concatenate([[0], np.cumsum((bits > 0).sum(axis=0))])
    sums = covered[shape[1] :] - covered[: len(covered) - shape[1]]
    best = np.flatnonzero(sums == sums.max())
    start = int(best[len(best) // 2])
    return slice(0, shape[0]), slice(start, start + shape[1])


def with_shape(spec: Spec, shape: tuple[int, int]) -> Spec:
    """The same classes for panels of another shape, as crops have.

    Example:
        >>> with_shape(Spec("tiny", (8, 8), ("hole",)), (4, 8)).image_shape
        (4, 8)
    """
    return replace(spec, image_shape=shape)


def cell_shape(spec: Spec, shapes: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The height and the width that the cells of a figure are made for.

    Args:
        spec: specification of the data set.
        shapes: shapes of the pictures that are shown.

    Returns:
        The shape of all pictures of the data set; where they differ, the median of those shown, and 1 x 1
        where none is.

    Example:
        >>> cell_shape(Spec("tiles", None, ("hole",)), [(20, 30), (40, 30), (90, 60)])
        (40, 30)
    """
    if spec.image_shape is not None:
        return spec.image_shape
    height, width = np.median(list(shapes) or [(1, 1)], axis=0)
    return int(height), int(width)
