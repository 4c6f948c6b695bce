"""The noise of another JPEG compression."""

import albumentations as A
import numpy as np

_QUALITY = (50, 95)  # per cent; the competition's own files are well above
_COMPRESS = A.ImageCompression()


def jpeg(picture: np.ndarray, chance: float, rng: np.random.Generator) -> np.ndarray:
    """Compress a crop as a JPEG and read it back (12th place).

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours.
        chance: probability of applying it.
        rng: random generator, also of the quality, 50 to 95.

    Returns:
        As `picture`.

    Example:
        >>> picture = np.random.default_rng(0).integers(0, 255, (16, 16), np.uint8)
        >>> np.array_equal(jpeg(picture, 1.0, np.random.default_rng(0)), picture)
        False
    """
    if rng.random() >= chance:
        return picture
    return _COMPRESS.apply(picture, quality=int(rng.integers(*_QUALITY, endpoint=True)), image_type=".jpg")
