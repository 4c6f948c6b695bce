"""Classes 1 and 2: small pits, and thin seams at fixed places of the strip."""

import math

import cv2
import numpy as np

from severstal.competition.spec import SEVERSTAL
from severstal.data.sample.canvas import Stamp, outline
from severstal.data.sample.noise import cloud, step

HEIGHT, WIDTH = SEVERSTAL.image_shape

SEAM_COLUMNS = ((75, 25, 0.08), (475, 35, 0.42), (915, 30, 0.27), (1510, 25, 0.23))
"""Centre and spread in pixels, and share, of the columns at which the real class 2 defects stand."""


def pit(rng: np.random.Generator, area: float) -> Stamp:
    """Draw a pit of class 1: a dark upright smear with bright glints in it, or a rough blotch when large.

    Args:
        rng: random numbers.
        area: pixels that its mask should have, about.

    Example:
        >>> stamp = pit(np.random.default_rng(0), 900)
        >>> bool(500 < stamp.mask.sum() < 1500), bool(stamp.relief.min() < -0.2)
        (True, True)
    """
    slender = rng.uniform(1.2, 2.4) * (area / 900) ** 0.15
    half_width = math.sqrt(area / (3.3 * slender))
    half_height = half_width * slender
    shape = round(2 * half_height) + 9, round(2 * half_width) + 9
    y = (np.arange(shape[0], dtype=np.float32)[:, None] - shape[0] / 2) / half_height
    x = (np.arange(shape[1], dtype=np.float32)[None] - shape[1] / 2) / half_width

    lean = rng.uniform(-0.25, 0.25)
    smear = np.exp(-(np.abs((x - lean * y) / 0.6) ** 3) - np.abs(y / 0.72) ** 3)
    relief = -rng.uniform(0.6, 0.95) * smear * np.clip(0.7 + 0.45 * cloud(rng, shape, 5, 1.3), 0, 1)
    glints = step(cloud(rng, shape, 2.2, 1.4) - rng.uniform(1.1, 1.9), 0.3) * np.sqrt(smear)
    relief = relief * (1 - glints) + rng.uniform(0.9, 2.2) * glints

    # Annotators put four to seven corners around a pit.
    corners = int(rng.integers(4, 8))
    turn = (np.arange(corners) + rng.uniform(-0.25, 0.25, corners)) * 2 * np.pi / corners + np.pi / 4
    reach = rng.uniform(0.92, 1.12, corners) * (1.2 if corners < 6 else 1.05)
    points = np.stack(
        [shape[1] / 2 + half_width * np.cos(turn) * reach, shape[0] / 2 + half_height * np.sin(turn) * reach]
    )
    mask = cv2.fillPoly(np.zeros(shape, np.uint8), [points.T.round().astype(np.int32)], 1)
    return Stamp(relief, mask)


def seam(rng: np.random.Generator, area: float, span: tuple[int, int]) -> Stamp:
    """Draw a seam of class 2: a thin dark upright line that wanders a little, with a faint bright flank.

    Args:
        rng: random numbers.
        area: pixels that its mask should have, about.
        span: first column of steel and one past the last; the seam stands at one of `SEAM_COLUMNS` inside.

    Example:
        >>> stamp = seam(np.random.default_rng(0), 3000, (0, 1600))
        >>> stamp.mask.shape[0] > stamp.mask.shape[1], stamp.left is not None
        (True, True)
    """
    width = float(np.clip(rng.normal(19, 5) * (area / 2900) ** 0.45, 9, 36))
    height = int(np.clip(area / width, 40, HEIGHT))
    shape = height, round(width) + 31
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(shape[1], dtype=np.float32)[None]
    path = (
        shape[1] / 2 + rng.uniform(-0.045, 0.045) * (y - height / 2) + 1.1 * cloud(rng, (height, 1), 25, 0.5)
    )
    off = x - path
    thick = rng.uniform(1.6, 3.0)
    fade = np.clip(0.85 + 0.3 * cloud(rng, (height, 1), 12, 0.5), 0.35, 1.1)
    line = np.exp(-((off / thick) ** 2)) * np.clip(1 + 0.3 * cloud(rng, shape, 4, 0.8), 0.2, 1.3)
    flank = np.exp(-(((off - np.sign(rng.normal()) * 2.2 * thick) / thick) ** 2))
    relief = (fade * (-rng.uniform(0.5, 0.75) * line + rng.uniform(0.1, 0.3) * flank)).astype(np.float32)
    mask = outline(np.abs(off) < width / 2 - 2, 2, tolerance=2.5)

    centres, spreads, shares = (np.array(column) for column in zip(*SEAM_COLUMNS, strict=True))
    inside = shares * ((centres > span[0] + 20) & (centres < span[1] - 20))
    if inside.any():
        place = rng.choice(len(centres), p=inside / inside.sum())
        centre = rng.normal(centres[place], spreads[place])
    else:
        centre = rng.uniform(span[0] + 20, span[1] - 20)
    top = 0 if rng.random() < 0.37 else int(rng.integers(0, HEIGHT - height + 1))
    return Stamp(relief, mask, top, round(centre - shape[1] / 2))
