"""White paint marks: characters of a dot-matrix printer, smudged, which are no defect."""

import cv2
import numpy as np

from severstal.synthetic.noise import cloud, step

_DOTS = (5, 3)  # rows and columns of dots in a character
_WHITE = 300.0  # grey level of paint, above 255: it saturates the camera


def paint_mark(rng: np.random.Generator, grey: np.ndarray) -> None:
    """Paint one or two characters on steel, in place; narrow steel is left bare.

    Args:
        rng: random numbers.
        grey: (H, W) float32.

    Example:
        >>> grey = np.full((256, 800), 90, np.float32)
        >>> paint_mark(np.random.default_rng(0), grey)
        >>> bool(0 < (grey > 250).mean() < 0.2)
        True
    """
    height, width = grey.shape
    pitch = rng.uniform(18, 34)
    characters = int(rng.integers(1, 3))
    across = round(pitch * (characters * (_DOTS[1] + 1.5) + 3))
    if width < across + 40:
        return
    left = int(rng.integers(20, width - across - 19))
    top = rng.uniform(-2, 5) * pitch
    ink = np.full((height, across), -1.0, np.float32)
    for character in range(characters):
        for row, column in np.argwhere(rng.random(_DOTS) < 0.6):
            x = pitch * (1.5 + character * (_DOTS[1] + 1.5) + column) + rng.normal(0, 2)
            y = top + pitch * 1.5 * row + rng.normal(0, 2)
            axes = round(pitch * rng.uniform(0.2, 0.42)), round(pitch * rng.uniform(0.35, 0.8))
            cv2.ellipse(ink, (round(x), round(y)), axes, 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(ink, (0, 0), 4)
    torn = soft + 0.35 * cloud(rng, ink.shape, 3.5, 2.5) + 0.25 * cloud(rng, ink.shape, 1.2, 1.2)
    splashes = cloud(rng, ink.shape, 1.8, 1.5) + cv2.GaussianBlur(ink, (0, 0), 14) - 2.2
    cover = np.maximum(step(torn - 0.1, 0.12), step(splashes, 0.15))
    hollow = step(
        soft - rng.uniform(0.75, 1.2) + 0.2 * cloud(rng, ink.shape, 3, 3), 0.1
    )  # paint is thinner in the middle
    cover *= 1 - 0.8 * hollow
    part = grey[:, left : left + across]
    part += cover * (_WHITE - part)
