"""Class 3: upright scratch lines, and abraded patches of many short strokes."""

import math

import cv2
import numpy as np

from severstal.competition.spec import SEVERSTAL
from severstal.data.sample.canvas import Stamp, outline
from severstal.data.sample.noise import cloud, step

HEIGHT, WIDTH = SEVERSTAL.image_shape
MARGIN = 5  # pixels between a patch and its outline


def scratch(rng: np.random.Generator, area: float) -> Stamp:
    """Draw a defect of class 3: a group of scratch lines or an abraded patch, whichever suits its size.

    Args:
        rng: random numbers.
        area: pixels that its mask should have, about.

    Example:
        >>> stamp = scratch(np.random.default_rng(0), 6000)
        >>> bool(2000 < stamp.mask.sum() < 12000)
        True
    """
    upright = 0.3 if area < 1500 else 0.65 if area < 25_000 else 0.25
    return lines(rng, area) if rng.random() < upright else abrasion(rng, area)


def lines(rng: np.random.Generator, area: float) -> Stamp:
    """Draw near-upright scratches side by side, most of them dark, running in from the top or all through.

    Example:
        >>> stamp = lines(np.random.default_rng(0), 6000)
        >>> stamp.relief.shape[0] > stamp.relief.shape[1]
        True
    """
    height = HEIGHT if rng.random() < 0.6 else int(HEIGHT * rng.uniform(0.25, 0.95))
    width = max(area / height, rng.uniform(16, 24))
    height = int(np.clip(area / width, 20, HEIGHT))
    pad = 14
    shape = height, round(width) + 2 * pad
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(shape[1], dtype=np.float32)[None]
    lean = rng.normal(0, 0.03)
    bright = rng.random() < 0.2
    depth = rng.uniform(0.6, 1.3) if bright else -rng.uniform(0.45, 0.68)

    relief = np.zeros(shape, np.float32)
    support = np.zeros(shape, bool)
    count = max(1, round(width / rng.uniform(10, 20)))
    for place in rng.uniform(0, 1, count) if count > 2 else (np.arange(count) + 0.5) / count:
        path = pad + place * width + lean * (y - height / 2) + 0.3 * cloud(rng, (height, 1), 20, 0.5)
        thick = rng.uniform(1.8, 4.0)
        end = 1 if rng.random() < 0.6 else rng.uniform(0.5, 1)
        ink = step(end * height - y, 10) * np.clip(0.85 + 0.3 * cloud(rng, (height, 1), 18, 0.5), 0.3, 1.1)
        near = slice(max(0, int(path.min()) - 12), int(path.max()) + 13)
        profile = np.exp(-(np.abs((x[:, near] - path) / thick) ** 2.5)) * ink
        strength = depth * (rng.uniform(0.6, 1.15) if count > 2 else rng.uniform(0.8, 1.1))
        relief[:, near] += strength * profile
        support[:, near] |= profile > 0.35
    relief *= np.clip(1 + 0.3 * cloud(rng, shape, 3, 0.8), 0.2, 1.5)
    relief = np.clip(relief, -0.75, 2.0)
    mask = outline(support, margin=int(rng.integers(4, 8)), bridge=7, tolerance=4)
    if rng.random() < 0.25:
        relief, mask = relief[::-1], mask[::-1]
        return Stamp(relief, mask, HEIGHT - height)
    return Stamp(relief, mask, 0)


def abrasion(rng: np.random.Generator, area: float) -> Stamp:
    """Draw a patch rubbed by something hard: many dark and bright strokes in one direction.

    Example:
        >>> stamp = abrasion(np.random.default_rng(0), 40_000)
        >>> bool(stamp.relief.min() < -0.3), bool(stamp.relief.max() > 0.3)
        (True, True)
    """
    upright = area > 4000 and rng.random() < 0.65  # a small upright one would pass for a pit of class 1
    angle = rng.normal(90, 4) if upright else rng.choice([-1, 1]) * rng.uniform(4, 35)
    patch = _patch(rng, 0.36 * area, None if upright else math.tan(math.radians(angle)))
    within = patch > min(0.12, patch.max() - 1e-3)
    dark, light = _strokes(rng, within, angle)
    relief = rng.uniform(-0.02, 0.16) * step(patch - 0.1, 0.1) - rng.uniform(0.45, 0.7) * np.minimum(dark, 1)
    relief = relief * (1 - np.minimum(light, 1)) + light * rng.uniform(0.6, 1.8)
    mask = outline(within | (dark > 0.4) | (light > 0.4), margin=MARGIN, bridge=8, tolerance=5)
    return Stamp(relief.astype(np.float32), mask)


def _patch(rng: np.random.Generator, quarter: float, tilt: float | None) -> np.ndarray:
    """Where a patch is: 1 in its middle, 0 about its rim. Upright where `tilt`, its slope, is None."""
    size = math.sqrt(quarter)
    if tilt is None:
        half_height = min(size * rng.uniform(0.95, 1.7), HEIGHT * 0.6)
        half_width = quarter / half_height
    else:
        half_width = min(size * rng.uniform(1.5, 2.6), WIDTH * 0.4)
        half_height = quarter / half_width
    half_height, half_width = max(half_height - MARGIN, 5), max(half_width - MARGIN, 5)
    slope = tilt or 0.0
    shape = round(2 * half_height + 2 * half_width * abs(slope)) + 17, round(2 * half_width) + 17
    y = np.arange(shape[0], dtype=np.float32)[:, None] - shape[0] / 2
    x = np.arange(shape[1], dtype=np.float32)[None] - shape[1] / 2
    patch = 1 - (((y - slope * x) / half_height) ** 4 + (x / half_width) ** 4) ** 0.25
    return patch + 0.22 * cloud(rng, shape, max(5, half_height / 4), max(5, half_width / 4))


def _strokes(rng: np.random.Generator, within: np.ndarray, angle: float) -> np.ndarray:
    """Draw strokes of ink, about 1 where full, in two layers, the dark and the bright: (2, h, w) float32."""
    upright = abs(angle) > 45
    rows, columns = np.nonzero(within)
    # Strokes crowd together: the harder the touch, the more of them.
    crowd = np.exp(0.8 * cloud(rng, within.shape, 14, 14)[rows, columns])
    count = int(np.clip(len(rows) / rng.uniform(50, 130), 10, 3000))
    chosen = rng.choice(len(rows), count, p=crowd / crowd.sum())
    bright = rng.random(count) < rng.uniform(0.1, 0.75)
    longest = rng.uniform(15, 50) if upright else min(0.6 * within.shape[1], rng.uniform(40, 130))
    length = longest * rng.uniform(0.15, 0.8, count) * np.where(bright & upright, 0.3, 1)
    turn = np.radians(angle + rng.normal(0, 3, count))
    reach = np.stack([np.cos(turn), np.sin(turn)], 1) * length[:, None] / 2
    middle = np.stack([columns[chosen], rows[chosen]], 1)
    ends = np.stack([middle - reach, middle + reach], 1).round().astype(int).tolist()
    inks = rng.integers(90, 256, count).tolist()
    widths = [0.4, 0.35, 0.17, 0.08] if upright else [0.65, 0.25, 0.08, 0.02]
    thick = rng.choice([1, 2, 3, 4], count, p=widths).tolist()
    layers = np.zeros((2, *within.shape), np.uint8)
    for place, (begin, end) in enumerate(ends):
        cv2.line(layers[int(bright[place])], begin, end, inks[place], thick[place], cv2.LINE_AA)
    rough = np.clip(0.85 + 0.4 * cloud(rng, within.shape, 1.2, 1.2), 0.2, 1.3) / 255
    return np.stack([cv2.GaussianBlur(layer, (0, 0), 0.6) * rough for layer in layers])
