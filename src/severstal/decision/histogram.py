"""Counts of the values of a map that reach each level: the hot loop of a summary."""

from itertools import pairwise

import cv2
import numpy as np

from severstal.decision.levels import MAP_LEVELS

_FLOAT32_WHOLE = 2**24  # largest count that OpenCV's float32 histogram holds exactly

_FEW = 4  # a power of two; levels below it are counted by comparing
_BELOW_FEW = np.uint64(0x0101010101010101 * (_FEW - 1))
_WORD = 8  # bytes that are compared together


def at_least(values: np.ndarray) -> np.ndarray:
    """Count how many of some uint8 values are at least 0, 1, ... 255.

    Returns:
        (256,) int64, descending from the number of values.

    Example:
        >>> at_least(np.uint8([0, 2, 2, 255]))[[0, 1, 2, 3, 255]]
        array([4, 3, 3, 1, 1])
    """
    return _counts(values)[::-1].cumsum(dtype=np.int64)[::-1]


def _counts(values: np.ndarray) -> np.ndarray:
    """Count how often each value from 0 to 255 occurs."""
    if values.size > _FLOAT32_WHOLE:
        return np.bincount(values.ravel(), minlength=MAP_LEVELS)
    if values.size % _WORD or not values.flags.c_contiguous:
        return _histogram(values)
    # Nearly all values of a typical map are 0 to 3, and a histogram is slowest where a value repeats: each
    # increment waits for the one before. So only words that hold a higher value go through the histogram.
    words = values.reshape(-1).view(np.uint64)
    high = words[(words & ~_BELOW_FEW) != 0]
    if 4 * len(high) > len(words):
        return _histogram(values)
    counts = _histogram(high.view(np.uint8)) if len(high) else np.zeros(MAP_LEVELS)
    reached = [values.size, *(np.count_nonzero(values >= value) for value in range(1, _FEW + 1))]
    counts[:_FEW] = [here - above for here, above in pairwise(reached)]
    return counts


def _histogram(values: np.ndarray) -> np.ndarray:
    # Four times as fast as np.bincount, which first converts to 64-bit numbers.
    return cv2.calcHist([values], [0], None, [MAP_LEVELS], [0, MAP_LEVELS]).ravel()
