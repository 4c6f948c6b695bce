"""The ways in which a mask gets displaced, each as the step that brings it back."""

from collections.abc import Callable
from typing import Literal

import numpy as np

Displacement = Literal[
    "down",
    "up",
    "down within columns",
    "up within columns",
    "right",
    "left",
    "written by rows",
    "read by rows",
    "flipped left to right",
    "flipped top to bottom",
    "turned upside down",
    "transposed",
    "turned left",
    "turned right",
    "transposed the other way",
]


def undo_displacement(displacement: Displacement, mask: np.ndarray) -> np.ndarray:
    """Undo the displacement of a mask.

    Every step is a permutation of the pixels. Shifts carry the pixels that leave the picture to its other
    side; `down` and `up` count along the run-length text, so that the bottom of a column leads to the top of
    the next, which is what a start that is off by one does.

    Args:
        displacement: displacement that the mask has had.
        mask: (H, W) uint8, laid out by columns; square where it is transposed or turned by a quarter.

    Returns:
        (H, W) uint8.

    Example:
        >>> mask = np.asfortranarray([[1, 0, 0], [0, 0, 1]], dtype=np.uint8)
        >>> undo_displacement("down", mask)
        array([[0, 0, 1],
               [0, 0, 1]], dtype=uint8)
    """
    return _UNDO[displacement](mask)


def _along_text(mask: np.ndarray, pixels: int) -> np.ndarray:
    height, width = mask.shape
    return np.roll(mask.T.reshape(-1), pixels).reshape(width, height).T


def _read_by_rows(mask: np.ndarray) -> np.ndarray:
    return mask.T.reshape(mask.shape)


def _write_by_rows(mask: np.ndarray) -> np.ndarray:
    height, width = mask.shape
    return mask.reshape(width, height).T


_UNDO: dict[Displacement, Callable[[np.ndarray], np.ndarray]] = {
    "down": lambda mask: _along_text(mask, -1),
    "up": lambda mask: _along_text(mask, 1),
    "down within columns": lambda mask: np.roll(mask, -1, axis=0),
    "up within columns": lambda mask: np.roll(mask, 1, axis=0),
    "right": lambda mask: np.roll(mask, -1, axis=1),
    "left": lambda mask: np.roll(mask, 1, axis=1),
    "written by rows": _read_by_rows,
    "read by rows": _write_by_rows,
    "flipped left to right": lambda mask: mask[:, ::-1],
    "flipped top to bottom": lambda mask: mask[::-1],
    "turned upside down": lambda mask: mask[::-1, ::-1],
    "transposed": lambda mask: mask.T,
    "turned left": lambda mask: np.rot90(mask, -1),
    "turned right": lambda mask: np.rot90(mask, 1),
    "transposed the other way": lambda mask: mask[::-1, ::-1].T,
}
