"""The transformation of one picture of a pair onto the other: orientation, scale and shift."""

from dataclasses import dataclass

import cv2
import numpy as np

from severstal.data.duplicates.align import warp
from severstal.data.duplicates.orientation import ORIENTATIONS, nearest_orientation

_LEAST_DISPLACEMENT = 2.0  # pixels at the border of the picture from which on a scale counts as a change


@dataclass(frozen=True)
class Overlay:
    """The transformation of the first picture: rotated or mirrored, scaled about its centre, centred,
    shifted.

    Attributes:
        orientation: a key of `ORIENTATIONS`.
        scale: scale; above 1, the second shows the steel larger.
        shift_y: pixels of the second, downwards.
        shift_x: pixels of the second, to the right.
    """

    orientation: str
    scale: float
    shift_y: int
    shift_x: int

    def matrix(self, first: tuple[int, ...], second: tuple[int, ...]) -> np.ndarray:
        """Return the (2, 3) matrix that maps a position (x, y) in the first picture to the second.

        Args:
            first: height and width of the first picture.
            second: height and width of the second picture.
        """
        linear = np.array(ORIENTATIONS[self.orientation]) * self.scale
        centre, target = (np.array(shape[1::-1]) / 2 for shape in (first, second))
        shift = np.array([self.shift_x, self.shift_y])
        return np.column_stack([linear, target + shift - linear @ centre])


def overlay_of(matrix: np.ndarray, first: tuple[int, ...], second: tuple[int, ...]) -> Overlay:
    """Read orientation, scale and shift off a (2, 3) matrix that takes places of one picture to another.

    A scale that moves the border by less than 2 pixels is taken as 1.

    Example:
        >>> overlay_of(np.array([[-1.0, 0, 43], [0, 1, 5]]), (20, 40), (20, 40))
        Overlay(orientation='mirrored left-right', scale=1.0, shift_y=5, shift_x=3)
    """
    orientation, scale = nearest_orientation(matrix[:, :2])
    if abs(scale - 1) * max(first) / 2 < _LEAST_DISPLACEMENT:
        scale = 1.0
    x, y = matrix @ [first[1] / 2, first[0] / 2, 1] - np.array(second[1::-1]) / 2
    return Overlay(orientation, round(scale, 4), round(y), round(x))


def lay_on(
    picture: np.ndarray, overlay: Overlay, shape: tuple[int, ...], interpolation: int = cv2.INTER_LINEAR
) -> np.ndarray:
    """Rotate, scale and shift a picture, or a bitmask, so that it matches the other one of its pair.

    Args:
        picture: (h, w) uint8 or uint16.
        overlay: transformation from the picture to the other.
        shape: height and width of the other.
        interpolation: OpenCV's flag of the interpolation; `cv2.INTER_NEAREST` for bitmasks.

    Returns:
        `shape`, of the same type; 0 where the picture does not reach.

    Example:
        >>> lay_on(np.array([[1, 2, 3]], np.uint8), Overlay("rotated 180", 1.0, 0, 1), (1, 3)).tolist()
        [[0, 3, 2]]
    """
    return warp(picture, overlay.matrix(picture.shape, shape), shape, interpolation)


def overlap(first: np.ndarray, second: np.ndarray, shift: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Crop two pictures to their overlap under a shift.

    Args:
        first: (H, W).
        second: (H, W).
        shift: (y, x) in pixels: what is at p in the first is at p + shift in the second.

    Returns:
        Two views of one shape.

    Example:
        >>> overlap(np.arange(4)[None], np.arange(4)[None] + 10, (0, 1))
        (array([[0, 1, 2]]), array([[11, 12, 13]]))
    """
    height, width = first.shape
    y, x = shift
    here = np.s_[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    there = np.s_[max(0, y) : height - max(0, -y), max(0, x) : width - max(0, -x)]
    return first[here], second[there]
