"""Class 4: ragged plates of scale, rolled in or peeling off."""

import cv2
import numpy as np

from severstal.synthetic.noise import cloud, step

_MARGIN = 4  # pixels between a plate and its outline


def scale(rng: np.random.Generator, depth: np.ndarray) -> np.ndarray:
    """Draw a plate of class 4: a ragged rim, ridges lit from above inside, a shadow along the lower rim.

    Args:
        rng: random numbers.
        depth: (h, w) float32, pixels inwards from the outline that an annotator put around it, 0 outside.

    Returns:
        (h, w) float32, relative change of the grey level; -0.3 is 30 % darker.

    Example:
        >>> relief = scale(np.random.default_rng(0), np.full((120, 200), 30, np.float32))
        >>> bool(relief.mean() < 0)
        True
    """
    shape = depth.shape
    size = float(depth.max())
    margin = min(_MARGIN, 0.25 * size)
    ragged = 0.5 * margin * (cloud(rng, shape, 3, 4) + 0.6 * cloud(rng, shape, 1.2, 1.2))
    inside = depth - margin + ragged + 0.06 * size * cloud(rng, shape, size / 5 + 2, size / 5 + 2)
    inside = np.minimum(inside, depth - 1)  # about the distance from the plate's edge, in pixels

    # Height of the plate: folds (sharp creases, hence the absolute value) and small bumps, lit from above.
    coarse = rng.uniform(7, 20)
    stretch = rng.uniform(1, 2.5)
    height = -np.abs(cloud(rng, shape, coarse, stretch * coarse)) * coarse / 3
    height += rng.uniform(0.45, 0.9) * cloud(rng, shape, 3.5, 5) + 0.2 * cloud(rng, shape, 1.2, 1.4)
    lit = np.gradient(height, axis=0) + 0.4 * np.gradient(height, axis=1)
    lit = np.clip(lit / lit.std(), -2, 3)
    lit *= np.clip(0.75 + 0.6 * cloud(rng, shape, 24, 36), 0.3, 1.5)  # smooth here, crumpled there
    body = step(inside, 1.5)
    relief = -rng.uniform(0.3, 0.6) + rng.uniform(0.16, 0.32) * lit
    relief = relief * (1 + 0.35 * cloud(rng, shape, 25, 25)) + 0.14 * cloud(rng, shape, 22, 14)
    if rng.random() < 0.6:  # a lifted flake reflects the lamp
        flake = cloud(rng, shape, size / 4 + 3, size / 4 + 3) + 0.4 * cloud(rng, shape, 2.5, 3.5)
        relief = relief + rng.uniform(0.4, 1.3) * step(flake - rng.uniform(1.2, 2), 0.3)
    rim = np.exp(-((inside / 2.2) ** 2)) * step(depth - 1, 1.0)
    facing = np.gradient(cv2.GaussianBlur(inside, (0, 0), 2), axis=0)  # positive at the upper edge
    edge = np.where(facing > 0, rng.uniform(0, 0.35), -rng.uniform(0.3, 0.55)) * np.minimum(
        np.abs(facing) * 2, 1
    )
    return np.clip(body * relief + rim * edge, -0.85, 2).astype(np.float32) * np.minimum(depth / 2, 1)
