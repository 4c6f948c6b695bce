"""Class 4: ragged plates of scale, rolled in or peeling off."""

import math

import numpy as np

from severstal.competition.spec import SEVERSTAL
from severstal.data.sample.canvas import Stamp, outline
from severstal.data.sample.noise import cloud, step

HEIGHT, WIDTH = SEVERSTAL.image_shape
MARGIN = 6  # pixels between a plate and its outline


def scale(rng: np.random.Generator, area: float) -> Stamp:
    """Draw a plate of class 4: a ragged outline, ridges lit from above inside, a shadow along the lower rim.

    Args:
        rng: random numbers.
        area: pixels that its mask should have, about.

    Example:
        >>> stamp = scale(np.random.default_rng(0), 20_000)
        >>> bool(10_000 < stamp.mask.sum() < 40_000), bool(stamp.relief.mean() < 0)
        (True, True)
    """
    aspect = rng.uniform(0.7, 2.2) * (area / 8000) ** 0.15
    half_height = min(math.sqrt(area / (math.pi * aspect)), HEIGHT * 0.55)
    half_width = area / (math.pi * half_height)
    half_height, half_width = max(half_height - MARGIN / 2, 5), max(half_width - MARGIN / 2, 5)
    shape = round(3 * half_height) + 15, round(3 * half_width) + 15
    y = (np.arange(shape[0], dtype=np.float32)[:, None] - shape[0] / 2) / half_height
    x = (np.arange(shape[1], dtype=np.float32)[None] - shape[1] / 2) / half_width
    turn = rng.uniform(-0.5, 0.5)
    away = np.sqrt((x + turn * y) ** 2 + (y - turn * x) ** 2)
    size = min(half_height, half_width)
    ragged = 0.32 * cloud(rng, shape, size / 2, size / 2) + 0.14 * cloud(
        rng, shape, size / 7 + 1, size / 7 + 1
    )
    ragged += 1.2 / size * cloud(rng, shape, 2, 2)
    inside = (1 - away + ragged).astype(np.float32) * size  # about the pixels from the rim, positive inside

    # Height of the plate: folds (creased, hence the absolute value) and crumbs; light falls from above.
    coarse = rng.uniform(8, 18)
    height = -np.abs(cloud(rng, shape, coarse, rng.uniform(1, 2.5) * coarse)) * coarse / 3
    height += 0.8 * cloud(rng, shape, 3.5, 5) + 0.3 * cloud(rng, shape, 1.2, 1.4)
    lit = np.gradient(height, axis=0) + 0.4 * np.gradient(height, axis=1)
    lit = np.clip(lit / lit.std(), -2, 3)
    body = step(inside, 2)
    relief = -rng.uniform(0.45, 0.65) + rng.uniform(0.2, 0.34) * lit
    relief = relief * (1 + 0.35 * cloud(rng, shape, 25, 25)) + 0.1 * cloud(rng, shape, 20, 12)
    if rng.random() < 0.85:  # a flake that has turned up mirrors the lamp
        flake = cloud(rng, shape, size / 4 + 3, size / 4 + 3) + 0.3 * cloud(rng, shape, 2, 2)
        relief = relief + rng.uniform(0.6, 1.5) * step(flake - 1.3, 0.2)
    rim = np.exp(-((inside / 3) ** 2))
    facing = np.sign(np.gradient(inside, axis=0))  # positive at the upper rim
    relief = body * relief + rim * np.where(facing > 0, rng.uniform(0, 0.3), -rng.uniform(0.3, 0.5))
    mask = outline(inside > -2, margin=MARGIN, bridge=6, tolerance=4)
    return Stamp(np.clip(relief, -0.85, 2).astype(np.float32), mask)
