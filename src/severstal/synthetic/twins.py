"""Near-duplicates: the same steel, slightly shifted, brightened or compressed again, with new annotations."""

import cv2
import numpy as np

_STORED_AGAIN = (70, 92)  # range of the JPEG quality of the second compression
FARTHEST = (3, 9)  # largest shift, in rows and columns
_ANOTHER_HAND = 0.3  # share of near-duplicates with outlines as of another annotator


def alter(rng: np.random.Generator, picture: np.ndarray, bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make a near-duplicate of a picture.

    Args:
        rng: random numbers.
        picture: (H, W) uint8.
        bits: (H, W) uint8, its masks.

    Returns:
        The like of both. Where the outlines are another annotator's, they are some pixels wider or narrower;
        no class vanishes.

    Example:
        >>> picture = np.random.default_rng(0).integers(80, 120, (256, 1600), np.uint8)
        >>> copy, _ = alter(np.random.default_rng(1), picture, np.zeros_like(picture))
        >>> copy.shape == picture.shape, bool((copy != picture).any())
        (True, True)
    """
    shifted, brighter, stored = rng.random(3) < 0.5
    if shifted:
        down, across = (int(rng.integers(-most, most + 1)) for most in FARTHEST)
        picture, bits = _shift(picture, down, across), _shift(bits, down, across)
    if brighter:
        picture = cv2.convertScaleAbs(picture, alpha=rng.uniform(0.85, 1.15), beta=rng.uniform(-3, 3))
    if stored or not (shifted or brighter):
        quality = int(rng.integers(*_STORED_AGAIN))
        packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        picture = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)
    if rng.random() < _ANOTHER_HAND:
        bits = _annotate_anew(rng, bits)
    return picture, bits


def _shift(field: np.ndarray, down: int, across: int) -> np.ndarray:
    pad = (max(down, 0), max(-down, 0), max(across, 0), max(-across, 0))
    whole = cv2.copyMakeBorder(field, *pad, cv2.BORDER_REFLECT)
    top, left = max(-down, 0), max(-across, 0)
    return np.ascontiguousarray(whole[top : top + field.shape[0], left : left + field.shape[1]])


def _annotate_anew(rng: np.random.Generator, bits: np.ndarray) -> np.ndarray:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    change = cv2.dilate if rng.random() < 0.5 else cv2.erode
    anew = np.zeros_like(bits)
    for bit in np.unique(bits[bits > 0]).tolist():
        mask = change((bits == bit).astype(np.uint8), disc)
        if not mask.any():
            mask = (bits == bit).astype(np.uint8)
        anew[(mask > 0) & (anew == 0)] = bit
    return anew
