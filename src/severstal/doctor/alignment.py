"""Flips and turns, found by comparing masks with pictures: under a mask the steel looks different."""

from collections.abc import Sequence

import cv2
import numpy as np

from severstal.data.arrays import to_luma
from severstal.doctor.displacements import Displacement, undo_displacement
from severstal.doctor.significance import Significance, measure_significance

_BLACK = 12  # grey level up to which there is no steel, only the dark beside the strip
_FLAT = 0.01  # what a sign varies by, at least, in a picture that shows anything
_LEAST = 5  # pixels of a reduced picture that a mask has to cover
_FINE = 64  # rows, at least, of the reduced pictures that are compared

_FLIPS: tuple[Displacement, ...] = ("flipped left to right", "flipped top to bottom", "turned upside down")
_TURNS: tuple[Displacement, ...] = ("transposed", "turned left", "turned right", "transposed the other way")


def turns_of(shape: tuple[int, int]) -> tuple[Displacement, ...]:
    """The flips and turns of a mask of that shape.

    Example:
        >>> turns_of((256, 1600))
        ('flipped left to right', 'flipped top to bottom', 'turned upside down')
    """
    return _FLIPS + _TURNS if shape[0] == shape[1] else _FLIPS


def match_mask(picture: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """Measure how well a mask, and each way of undoing a wrong flip or rotation of it, matches its picture.

    The pixels under the mask are compared with the rest of the steel in three ways: by the difference of
    their brightness from the surroundings, by their gradient and by their roughness, each in standard
    deviations over the picture.

    Args:
        picture: (H, W) uint8; (H, W, 3) of colours, by its luma.
        mask: (H, W) uint8, not zero where any class is.

    Returns:
        (1 + turns,) float64, the mask as it is first, then in the order of `turns_of`; None where it
        covers too little or too much to be compared.
    """
    signs = _signs(to_luma(picture))
    valid = signs[0] >= 0
    size = valid.shape[::-1]
    matches, seen = [], False
    for turned in (mask, *(undo_displacement(turn, mask) for turn in turns_of(mask.shape))):
        whole = np.ascontiguousarray(turned != 0).astype(np.float32)
        small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA) > 0.5
        under, rest = small & valid, ~small & valid
        if under.sum() < _LEAST or rest.sum() < under.sum() / 2:
            matches.append(0.0)  # beside the steel: as if it matched nothing
            continue
        seen = True
        matches.append(
            sum(
                float((sign[under].mean() - sign[rest].mean()) / max(sign[valid].std(), _FLAT))
                for sign in signs
            )
        )
    return np.array(matches) if seen else None


def measure_turns(matches: Sequence[np.ndarray], shape: tuple[int, int]) -> dict[Displacement, Significance]:
    """Measure the evidence for each wrong flip or rotation, over one gain per picture.

    Args:
        matches: results of `match_mask`, one per picture.
        shape: height and width of the pictures.
    """
    turns = turns_of(shape)
    table = np.array(matches).reshape(-1, 1 + len(turns))
    return {turn: measure_significance(table[:, k] - table[:, 0]) for k, turn in enumerate(turns, start=1)}


def _signs(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deviation, steepness and roughness of a reduced picture; the first is -1 where there is no steel."""
    height, width = picture.shape
    step = max(1, height // _FINE)
    size = (max(1, width // step), max(1, height // step))
    grey = picture.astype(np.float32)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    steel = cv2.erode((cv2.blur(small, (5, 5)) > _BLACK).astype(np.uint8), np.ones((5, 5), np.uint8))
    if not steel.any():
        steel[:] = 1
    around = cv2.blur(small * steel, (81, 41)) / np.maximum(
        cv2.blur(steel.astype(np.float32), (81, 41)), 0.05
    )
    slope = np.hypot(cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1))
    rough = cv2.resize(np.abs(grey - cv2.blur(grey, (9, 9))), size, interpolation=cv2.INTER_AREA)
    deviation = np.where(steel > 0, np.abs(small - around), -1.0)
    return deviation, np.log1p(slope), np.log1p(rough)
