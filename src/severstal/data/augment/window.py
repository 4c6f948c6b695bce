"""Sampling of the window of a crop: anywhere, at a defect, and never where there is no steel."""

from typing import NamedTuple

import cv2
import numpy as np

from severstal.data.features import black_bands

STEEL = 0.5  # of a window's side, at least, is steel where the picture has so much


class Window(NamedTuple):
    """Part of a picture.

    Attributes:
        top: first row.
        left: first column.
        height: rows.
        width: columns.
    """

    top: int
    left: int
    height: int
    width: int

    def of(self, array: np.ndarray) -> np.ndarray:
        """The part of an array, (H, W), as a view."""
        return array[self.top : self.top + self.height, self.left : self.left + self.width]


def sample_window(
    picture: np.ndarray,
    bits: np.ndarray,
    size: tuple[int, int],
    non_empty: float,
    rng: np.random.Generator,
    *,
    black_aware: bool = False,
    zoom: float = 1.0,
) -> Window:
    """Sample the window of a crop.

    A window at a defect holds a pixel sampled uniformly from the mask, at a uniformly random position in the
    window, which is then moved into the picture: as albumentations' CropNonEmptyMaskIfExists does. Any other
    window is sampled uniformly from all that are within the picture.

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours.
        bits: (H, W), not 0 where a defect is.
        size: height and width of the crop, at most the picture's.
        non_empty: probability that the window of a picture with a defect is sampled at a defect.
        rng: random generator.
        black_aware: whether at least half of both sides of the window must be steel, where the picture has as
            much, and otherwise all that it has (14th place moves a crop that is black by 85 % or more).
        zoom: factor by which the crop enlarges the picture. Each side of the window is limited to the
            picture's on its own, so the full height is never shown smaller.

    Example:
        >>> picture = np.full((64, 200), 90, np.uint8)
        >>> bits = np.zeros((64, 200), np.uint8)
        >>> bits[10, 150] = 1
        >>> window = sample_window(picture, bits, (32, 40), 1.0, np.random.default_rng(0))
        >>> window.of(bits).any(), window.of(bits).shape
        (np.True_, (32, 40))
    """
    sides = [min(whole, max(1, round(side / zoom))) for side, whole in zip(size, bits.shape, strict=True)]
    ranges = [(0, whole - side) for side, whole in zip(sides, bits.shape, strict=True)]
    if black_aware:
        left, right, top, bottom = black_bands(picture)
        bands = ((top, bottom), (left, right))
        ranges = [
            _on_steel(side, whole, *band) for side, whole, band in zip(sides, bits.shape, bands, strict=True)
        ]
    corner = [int(rng.integers(low, high + 1)) for low, high in ranges]
    count = cv2.countNonZero(bits) if rng.random() < non_empty else 0
    if count:
        pixel = _nth_pixel(bits, int(rng.integers(count)))
        corner = [
            min(max(place - int(rng.integers(side)), low), high)
            for place, side, (low, high) in zip(pixel, sides, ranges, strict=True)
        ]
    return Window(*corner, *sides)


def _on_steel(side: int, whole: int, before: int, after: int) -> tuple[int, int]:
    """Return the first and the last position of a window of which enough is between two black bands."""
    steel = whole - before - after
    if steel <= 0:
        return 0, whole - side
    need = min(steel, -(-side * STEEL // 1))
    return int(max(0, before + need - side)), int(min(whole - side, whole - after - need))


def _nth_pixel(bits: np.ndarray, n: int) -> tuple[int, int]:
    """Row and column of the n-th pixel that is not 0, by halving: a tenth of the time of listing them all."""
    top, bottom = 0, len(bits)
    while bottom - top > 1:
        middle = (top + bottom) // 2
        above = cv2.countNonZero(bits[top:middle])
        if n < above:
            bottom = middle
        else:
            top, n = middle, n - above
    return top, int(np.flatnonzero(bits[top])[n])
