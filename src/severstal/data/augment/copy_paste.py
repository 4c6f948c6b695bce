"""Pasting a defect from another picture onto plain steel."""

import cv2
import numpy as np

from severstal.data.arrays import to_luma, where_pixels
from severstal.data.augment.donors import Donors, Piece
from severstal.data.augment.graft import free_places, graft, grown, off_steel
from severstal.data.features import black_bands

_MARGIN = 4  # pixels around the defect that come along with it
_CLEAR = 4  # pixels that a pasted piece keeps from other defects
_ALIKE = (0.5, 2.0)  # brightness and contrast of the steel there, at most so many times the piece's own
_TRIES = 8  # places


def copy_paste(
    picture: np.ndarray, bits: np.ndarray, donors: Donors, chance: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Paste a piece of a rare class, randomly flipped, onto plain steel, with its mask.

    The piece takes the brightness and the contrast of the steel around its new place, which has to be similar
    to its own: a piece of smooth dark steel on coarse bright steel would be recognisable. It is never pasted
    onto a black band or another defect; where no place is found, nothing is pasted.

    Args:
        picture: (h, w) uint8, or (h, w, 3) of colours, a crop.
        bits: (h, w), bit k - 1 for class k.
        donors: source of the pieces.
        chance: probability that a piece is pasted.
        rng: random generator.

    Returns:
        Picture and mask; unchanged where nothing was pasted.

    Example:
        >>> from types import SimpleNamespace
        >>> defect, own = np.full((30, 30), 50, np.uint8), np.zeros((30, 30), np.uint8)
        >>> defect[12:18, 12:18], own[12:18, 12:18] = 99, 2
        >>> donors = SimpleNamespace(sample=lambda rng, largest: Piece(defect, own, own == 0))
        >>> crop, empty = np.full((64, 64), 70, np.uint8), np.zeros((64, 64), np.uint8)
        >>> pasted, bits = copy_paste(crop, empty, donors, 1.0, np.random.default_rng(0))
        >>> int((bits == 2).sum()), int(pasted.min()), int(np.median(pasted[bits == 2])) > 110
        (36, 70, True)
    """
    if rng.random() >= chance:
        return picture, bits
    piece = donors.sample(rng, bits.shape)
    if piece is None:
        return picture, bits
    for axis in (0, 1):
        if rng.random() < 0.5:
            piece = Piece(*(np.flip(part, axis) for part in piece))
    own = piece.bits != 0
    known = ~grown(~piece.steel, _MARGIN)
    if not known.any():
        return picture, bits
    busy = grown(bits != 0, _CLEAR) | off_steel(picture, black_bands(picture))
    for top, left in free_places(busy, own.shape, _TRIES, rng):
        place = (slice(top, top + own.shape[0]), slice(left, left + own.shape[1]))
        source = _as_bright(piece.picture, picture[place], known)
        if source is not None:
            picture, bits = picture.copy(), bits.copy()
            grafted = graft(picture[place], source, known, grown(own, _MARGIN))
            # Without a label, another defect of the donor must not even be in what is mixed around the piece.
            picture[place] = where_pixels(own | piece.steel, grafted, picture[place])
            bits[place][own] = piece.bits[own]
            break
    return picture, bits


def _as_bright(source: np.ndarray, target: np.ndarray, known: np.ndarray) -> np.ndarray | None:
    """The piece as bright and rich in contrast as the steel at its new place; None where they differ much."""
    steel = known.astype(np.uint8)
    (mean, deviation), (there, spread) = (
        [value.item() for value in cv2.meanStdDev(to_luma(part), mask=steel)] for part in (source, target)
    )
    gain = spread / deviation if deviation else 1.0
    if not (_ALIKE[0] <= gain <= _ALIKE[1] and _ALIKE[0] * mean <= there <= _ALIKE[1] * mean):
        return None
    own, other = mean, there
    if source.ndim == 3:
        own, other = (cv2.mean(part, mask=steel)[:3] for part in (source, target))  # of each channel
    return np.float32(other) + np.float32(gain) * (source.astype(np.float32) - np.float32(own))
