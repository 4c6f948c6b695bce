"""One frame for the reliefs of a whole set of pictures, so that they can be compared in every orientation."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

LARGEST_SCALE = 1.18  # and its reciprocal, the smallest
_ELONGATED = 1.6  # ratio of the sides from which on a quarter turn leaves too little in common to look for
_BLUR_PIXELS = 3.0  # by which a wrong scale may displace the border of a tile


@dataclass(frozen=True)
class Frame:
    """The frame in which reliefs are compared.

    Reliefs of elongated pictures are put in a landscape frame that is divided into tiles from left to right.
    Those of nearly square pictures, or of such contents letterboxed with black, are centred in a square frame
    of one tile.

    Attributes:
        shape: height and width in pixels of the relief.
        tiles: number of tiles, side by side.
        side: height of a typical content, in pixels.
        step: factor by which the pictures were downscaled.

    Example:
        >>> frame = Frame.for_reliefs([np.ones((128, 800), np.float32)], step=2)
        >>> frame.shape, frame.tiles, frame.is_square, len(frame.scales)
        ((128, 800), 6, False, 5)
    """

    shape: tuple[int, int]
    tiles: int
    side: int
    step: int

    @classmethod
    def for_reliefs(cls, reliefs: Sequence[np.ndarray], step: int) -> "Frame":
        """The frame that fits reliefs, (h, w) float32 each."""
        boxes = np.array([_size(content_box(engraved)) for engraved in reliefs])  # (N, 2)
        low, high = np.sort(boxes, axis=1).T
        if np.median(high / low) < _ELONGATED:
            longest = int(high.max())
            return cls((longest, longest), 1, max(8, int(np.median(np.sqrt(low * high)))), step)
        height, width = np.sort([engraved.shape for engraved in reliefs], axis=1).max(axis=0).tolist()
        return cls((height, width), max(1, round(width / height)), height, step)

    @property
    def is_square(self) -> bool:
        """Whether quarter turns are tried."""
        return self.shape[0] == self.shape[1]

    @property
    def scales(self) -> np.ndarray:
        """Scales to search, in equal ratios, dense enough for the pixels at a tile's border."""
        ratio = 1 + 2 * _BLUR_PIXELS / (self.side / 2)
        either_side = max(1, int(np.ceil(np.log(LARGEST_SCALE) / np.log(ratio) - 0.5)))
        return np.exp(np.arange(-either_side, either_side + 1) * np.log(LARGEST_SCALE) / (either_side + 0.5))

    def place(self, engraved: np.ndarray, picture_shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Put a relief into the frame.

        Args:
            engraved: (h, w) float32.
            picture_shape: height and width of the picture that it was made of.

        Returns:
            The frame with the relief, `shape` float32, 0 around it; and the (2, 3) float64 matrix that takes
            a place (x, y) in the picture to the frame, both measured from the corner of the corner pixel.
        """
        to_frame = np.diag([engraved.shape[1] / picture_shape[1], engraved.shape[0] / picture_shape[0], 1.0])
        if self.is_square:
            top, bottom, left, right = content_box(engraved)
            engraved = engraved[top:bottom, left:right]
            to_frame = _moved(-left, -top) @ to_frame
        elif engraved.shape[0] > engraved.shape[1]:
            to_frame = _moved(0, engraved.shape[1]) @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]]) @ to_frame
            engraved = np.rot90(engraved)
        for axis in (0, 1):  # cut in the middle what is larger than the frame
            if (excess := engraved.shape[axis] - self.shape[axis]) > 0:
                before = excess // 2
                engraved = engraved.take(range(before, before + self.shape[axis]), axis)
                to_frame = _moved(*((0, -before) if axis == 0 else (-before, 0))) @ to_frame
        top, left = ((self.shape[axis] - engraved.shape[axis]) // 2 for axis in (0, 1))
        canvas = np.zeros(self.shape, np.float32)
        canvas[top : top + engraved.shape[0], left : left + engraved.shape[1]] = engraved
        return canvas, (_moved(left, top) @ to_frame)[:2]


def content_box(engraved: np.ndarray) -> tuple[int, int, int, int]:
    """Return top, bottom, left and right of the non-zero part of a relief; the whole where all is 0.

    Example:
        >>> content_box(np.pad(np.ones((2, 3)), ((1, 0), (0, 4))))
        (1, 3, 0, 3)
    """
    if not engraved.any():
        return 0, engraved.shape[0], 0, engraved.shape[1]
    x, y, width, height = cv2.boundingRect((engraved != 0).astype(np.uint8))
    return y, y + height, x, x + width


def _size(box: tuple[int, int, int, int]) -> tuple[int, int]:
    return box[1] - box[0], box[3] - box[2]


def _moved(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], float)
