"""Cyclic shift of a picture along the sheet."""

import cv2
import numpy as np

from severstal.data.features import black_bands

EDGE = 24  # pixels beside a black band stay: the strip's edge is ragged, bright or dark there
_SEAM = 8  # pixels at either side of a seam by which the brightness is compared
_FADE = 96  # pixels at either side over which a step in brightness is spread


def cyclic_shift(
    picture: np.ndarray, bits: np.ndarray, chance: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Roll a picture and its mask along the longer side: pixels that leave at one end enter at the other.

    The idea is the 10th place's "SteelShift". Black bands are no steel and stay in place, and so does the
    edge of the strip beside them; only the steel between is rolled. Where the two ends meet, the step in
    brightness is spread over 96 pixels to each side, so that no seam is visible. No pixel of a mask is lost.

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours.
        bits: (H, W), bit k - 1 for class k.
        chance: probability of applying it.
        rng: random generator, also of the distance.

    Returns:
        Picture and mask; unchanged where nothing is rolled.

    Example:
        >>> picture, bits = np.full((1, 6), 90, np.uint8), np.array([[0, 0, 0, 0, 1, 1]], np.uint8)
        >>> cyclic_shift(picture, bits, 1.0, np.random.default_rng(3))[1].tolist()
        [[1, 0, 0, 0, 0, 1]]
    """
    if rng.random() >= chance:
        return picture, bits
    left, right, top, bottom = black_bands(picture)
    upright = picture.shape[0] > picture.shape[1]
    before, after = (top, bottom) if upright else (left, right)
    first = before + EDGE if before else 0
    last = max(picture.shape[:2]) - (after + EDGE if after else 0)
    if last - first < 2:
        return picture, bits
    by = int(rng.integers(1, last - first))
    rolled = _roll(picture, first, last, by, upright)
    sheet = rolled.swapaxes(0, 1) if upright else rolled
    seams = [0, *([first] if before else []), first + by, *([last] if after else []), sheet.shape[1]]
    for start, seam, end in zip(seams, seams[1:], seams[2:], strict=False):
        # Neither black nor what belongs to the next seam is touched.
        _mend(sheet, max(start, before), seam, min(end, sheet.shape[1] - after))
    return rolled, _roll(bits, first, last, by, upright)


def _roll(array: np.ndarray, first: int, last: int, by: int, upright: bool) -> np.ndarray:
    rolled = array.copy()
    old, new = (array.swapaxes(0, 1), rolled.swapaxes(0, 1)) if upright else (array, rolled)
    new[:, first : first + by] = old[:, last - by : last]
    new[:, first + by : last] = old[:, first : last - by]
    return rolled


def _mend(sheet: np.ndarray, start: int, seam: int, end: int) -> None:
    """Spread the step in brightness at a column over its neighbours, within start and end, in place."""
    left, right = (
        sheet[:, max(start, seam - _SEAM) : seam].mean(axis=1, dtype=np.float32),
        sheet[:, seam : min(end, seam + _SEAM)].mean(axis=1, dtype=np.float32),
    )
    # (H, 1), or (H, 1, 3) of colours: the light's, not the grain's
    step = cv2.blur((right - left)[:, None], (1, 4 * _SEAM + 1))
    for side, low, high in ((1, max(start, seam - _FADE), seam), (-1, seam, min(end, seam + _FADE))):
        fade = np.linspace(0, 0.5, high - low, endpoint=False, dtype=np.float32)[::side]
        part, fade = sheet[:, low:high], fade if sheet.ndim == 2 else fade[:, None]
        part[:] = np.clip(part + side * step * fade + 0.5, 0, 255)
