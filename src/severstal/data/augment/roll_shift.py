"""The light of another roll of steel."""

import cv2
import numpy as np

from severstal.data.arrays import to_luma, where_pixels

BLACK, _STEEL = 8, 32  # grey levels: what is darker than the first stays, above the second all changes
_GAIN, _OFFSET, _GAMMA, _SLOPE = 0.3, 24.0, 0.35, 0.2  # the largest changes at strength 1
_KNOTS = 4  # of the slow change across the sheet


def roll_shift(picture: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Change gain, offset, gamma, and smoothly the brightness across the sheet, as between rolls.

    Train, public and private pictures come from different rolls: brightness and the share of dark pixels are
    what differs most. Beside the strip it is black in all of them, so black stays black.

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours, whose channels change alike.
        strength: 0 to 1; at 1 the gain changes by up to 30 %, the offset by 24 grey levels, gamma by a factor
            of 1.4, and the brightness across the sheet by 20 %.
        rng: random generator.

    Returns:
        As `picture`.

    Example:
        >>> roll_shift(np.array([[0, 5, 100]], np.uint8), 1.0, np.random.default_rng(0))[0, :2].tolist()
        [0, 5]
    """
    gain, offset, gamma, *slow = strength * rng.uniform(-1, 1, 3 + _KNOTS)
    levels = np.arange(256)
    changed = 255 * (levels / 255) ** np.exp(_GAMMA * gamma) * (1 + _GAIN * gain) + _OFFSET * offset
    lit = np.clip((levels - BLACK) / (_STEEL - BLACK), 0, 1)
    table = np.clip(levels + lit * (changed - levels), 0, 255).round().astype(np.uint8)
    # Light falls off along the longer side, which is across the sheet in the competition's pictures.
    length = max(picture.shape[:2])
    curve = cv2.resize(1 + _SLOPE * np.float32([slow]), (length, 1), interpolation=cv2.INTER_CUBIC)
    curve = curve if picture.shape[1] == length else curve.T
    out = cv2.LUT(picture, table)
    curve = curve if out.ndim == 2 else curve[..., None]
    slowly = cv2.multiply(out, np.ascontiguousarray(np.broadcast_to(curve, out.shape)), dtype=cv2.CV_8U)
    # Nor does steel become black.
    lit = where_pixels(to_luma(slowly) < BLACK, np.maximum(slowly, BLACK), slowly)
    return where_pixels(to_luma(picture) < BLACK, picture, lit)
