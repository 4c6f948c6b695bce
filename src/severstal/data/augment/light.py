"""Brightness and contrast."""

import albumentations as A
import numpy as np

_CHANCE = 0.8
_CHANGE = A.RandomBrightnessContrast()


def brightness_contrast(
    picture: np.ndarray, brightness: float, contrast: float, rng: np.random.Generator
) -> np.ndarray:
    """Change brightness and contrast in four of five crops, as albumentations' RandomBrightnessContrast.

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours.
        brightness: largest step up or down, as a share of full white.
        contrast: largest change of the factor 1.
        rng: random generator.

    Returns:
        As `picture`.

    Example:
        >>> brightness_contrast(np.full((1, 2), 100, np.uint8), 0.0, 0.0, np.random.default_rng(0)).tolist()
        [[100, 100]]
    """
    chance, factor, step = (
        rng.random(),
        rng.uniform(-contrast, contrast),
        rng.uniform(-brightness, brightness),
    )
    if chance >= _CHANCE or not (factor or step):
        return picture
    return _CHANGE.apply(picture, alpha=1 + factor, beta=255 * step)  # a table of 256 values
