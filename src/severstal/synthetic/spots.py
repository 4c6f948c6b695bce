"""Classes 1 and 2: small pits, and thin seams at fixed places of the strip."""

import cv2
import numpy as np

from severstal.synthetic.noise import cloud, step
from severstal.synthetic.outlines import across


def pit(rng: np.random.Generator, depth: np.ndarray) -> np.ndarray:
    """Draw a pit of class 1: a dark upright smear with bright glints in it.

    Args:
        rng: random numbers.
        depth: (h, w) float32, pixels inwards from the outline that an annotator put around it, 0 outside.

    Returns:
        (h, w) float32, relative change of the grey level; -0.3 is 30 % darker.

    Example:
        >>> relief = pit(np.random.default_rng(0), np.ones((40, 25), np.float32))
        >>> bool(relief.min() < -0.2)
        True
    """
    off, _ = across(depth > 0)
    height = len(depth)
    along = np.linspace(-1, 1, height, dtype=np.float32)[:, None] - rng.uniform(-0.15, 0.15)
    wander = 0.25 * cloud(rng, (height, 1), max(6, height / 6), 0.5)
    thin = rng.uniform(0.4, 0.75)
    smear = np.exp(-((np.abs(off - wander) / thin) ** 2.5) - np.abs(along / 0.8) ** 4)
    # A long spot is a chain of pits.
    chain = np.clip(0.7 + 0.5 * cloud(rng, (height, 1), 9, 0.5), 0.25, 1) if height > 70 else 1.0
    rough = cloud(rng, depth.shape, 3.5, 1.2)
    relief = -rng.uniform(0.55, 0.9) * smear * chain * np.clip(0.7 + 0.45 * rough, 0.15, 1)
    glints = step(cloud(rng, depth.shape, 1.8, 1.1) - rng.uniform(1.0, 2.0), 0.3) * np.sqrt(smear * chain)
    if rng.random() < 0.5:  # a raised edge that reflects the lamp
        lip = rng.choice([-1, 1]) * rng.uniform(0.3, 0.6)
        glints = np.maximum(
            glints,
            np.exp(-(((off - lip) / 0.2) ** 2)) * step(cloud(rng, depth.shape, 4, 1.2) - 0.7, 0.3) * smear,
        )
    relief = relief * (1 - glints) + rng.uniform(0.9, 1.9) * glints
    return relief.astype(np.float32) * np.minimum(depth / 2, 1)


def seam(rng: np.random.Generator, depth: np.ndarray) -> np.ndarray:
    """Draw a seam of class 2: a thin dark upright line that wanders a little, with a faint bright flank.

    Args:
        rng: random numbers.
        depth: (h, w) float32, pixels inwards from the outline that an annotator put around it, 0 outside.

    Returns:
        (h, w) float32, relative change of the grey level.

    Example:
        >>> relief = seam(np.random.default_rng(0), np.ones((200, 20), np.float32))
        >>> bool(relief.min() < -0.2)
        True
    """
    off, width = across(depth > 0)
    height = len(depth)
    off = off * width / 2 - 0.08 * width.mean() * cloud(rng, (height, 1), 25, 0.5)
    thick = rng.uniform(1.3, 2.6)
    fade = np.clip(0.85 + 0.3 * cloud(rng, (height, 1), 12, 0.5), 0.35, 1.1)
    line = np.exp(-((off / thick) ** 2)) * np.clip(1 + 0.3 * cloud(rng, depth.shape, 4, 0.8), 0.2, 1.3)
    flank = np.exp(-(((off - rng.choice([-2.2, 2.2]) * thick) / thick) ** 2))
    relief = fade * (-rng.uniform(0.5, 0.75) * line + rng.uniform(0.1, 0.3) * flank)
    return cv2.GaussianBlur(relief.astype(np.float32), (0, 0), 0.5)
