"""Class 3: upright scratch lines, and abraded patches of many short strokes."""

import cv2
import numpy as np

from severstal.synthetic.noise import cloud, step
from severstal.synthetic.outlines import across

_MARGIN = 5  # pixels between a patch and its outline
_FINEST_SPECKS = 12  # half width in pixels of the smallest patch with specks
_WIDEST_GROUP = 110  # pixels over which lines stand side by side in one outline


def scratch(rng: np.random.Generator, depth: np.ndarray) -> np.ndarray:
    """Draw a defect of class 3: scratch lines where the outline is upright and narrow, else an abraded patch.

    Args:
        rng: random numbers.
        depth: (h, w) float32, pixels inwards from the outline that an annotator put around it, 0 outside.

    Returns:
        (h, w) float32, relative change of the grey level; -0.3 is 30 % darker.

    Example:
        >>> relief = scratch(np.random.default_rng(0), np.ones((256, 20), np.float32))
        >>> bool(np.abs(relief).max() > 0.2)
        True
    """
    height, width = depth.shape
    upright = height > 2.2 * width and width < _WIDEST_GROUP
    if upright or (height > 200 and width < 2 * _WIDEST_GROUP and rng.random() < 0.5):
        return lines(rng, depth)
    return (
        specks(rng, depth) if depth.max() > _FINEST_SPECKS and rng.random() < 0.25 else abrasion(rng, depth)
    )


def lines(rng: np.random.Generator, depth: np.ndarray) -> np.ndarray:
    """Draw near-upright scratches side by side, most of them dark, from the outline's top to its bottom.

    Example:
        >>> lines(np.random.default_rng(0), np.ones((256, 20), np.float32)).shape
        (256, 20)
    """
    off, width = across(depth > 0)
    height, wide = len(depth), float(np.median(width))
    kind = rng.choice(["dark", "bright", "beads"], p=[0.72, 0.16, 0.12])
    strength = -rng.uniform(0.6, 0.85) if kind == "dark" else rng.uniform(0.8, 1.5)
    count = 1 if wide < 30 else int(np.clip(round(wide / rng.uniform(10, 20)), 2, 12))
    places = np.linspace(-0.6, 0.6, count) if count > 1 else np.zeros(1)
    places = places + rng.normal(0, 0.12 if count > 1 else 0.05, count)
    y = np.arange(height, dtype=np.float32)[:, None]
    relief = np.zeros(depth.shape, np.float32)
    wander = 0.35 * cloud(rng, (height, 1), 20, 0.5)
    for place in places:
        away = (off - place) * width / 2 - wander
        thick = rng.uniform(2.2, min(5.0, 2.6 + wide / 9)) * (1.0 if count < 4 else 0.75)
        tall = height * (1.0 if rng.random() < 0.6 else rng.uniform(0.55, 1))
        begin = 0.0 if rng.random() < 0.7 else height - tall
        ink = step(y - begin + 8, 10) * step(begin + tall + 4 - y, 10)
        ink = ink * np.clip(0.8 + 0.3 * cloud(rng, (height, 1), 18, 0.5), 0.25, 1.1)
        profile = np.exp(-(np.abs(away / thick) ** 2.2)) * ink
        relief += strength * (rng.uniform(0.5, 1.1) if count > 2 else rng.uniform(0.8, 1.1)) * profile
        if rng.random() < 0.5:  # the bright ridge of steel that a scratch pushes aside
            side = rng.choice([-1, 1]) * 1.9 * thick
            relief -= 0.3 * strength * np.exp(-(((away - side) / thick) ** 2)) * ink
    if kind == "beads":
        relief *= step(cloud(rng, depth.shape, 2.2, 1.6) - 0.3, 0.4) * 1.5
    relief *= np.clip(1 + 0.35 * cloud(rng, depth.shape, 3, 0.8), 0.2, 1.6)
    return np.clip(relief, -0.78, 2.2).astype(np.float32)


def specks(rng: np.random.Generator, depth: np.ndarray) -> np.ndarray:
    """Draw a patch of small bright points, some next to a dark one.

    Example:
        >>> specks(np.random.default_rng(0), np.full((80, 90), 9, np.float32)).shape
        (80, 90)
    """
    within = _within(rng, depth)
    size = rng.uniform(1.0, 1.8)
    points = step(cloud(rng, depth.shape, size, size) - rng.uniform(1.4, 2.0), 0.25)
    shade = 0.5 * np.roll(points, (2, 1), (0, 1))
    ground = rng.uniform(-0.22, 0.1) * (1 + 0.5 * cloud(rng, depth.shape, 6, 4))
    return (within * (ground + rng.uniform(0.6, 1.6) * points - shade * (1 - points))).astype(np.float32)


def abrasion(rng: np.random.Generator, depth: np.ndarray) -> np.ndarray:
    """Draw a patch rubbed by something hard: many dark and bright strokes in one direction.

    Example:
        >>> relief = abrasion(np.random.default_rng(0), np.full((150, 300), 9, np.float32))
        >>> bool(relief.min() < -0.3)
        True
    """
    angle = _direction(rng, depth)
    within = _within(rng, depth)
    dark, light = _strokes(rng, within, angle)
    shade = rng.choice([-1, 1]) * rng.uniform(0.08, 0.24)
    ground = shade * within * (1 + 0.5 * cloud(rng, depth.shape, 12, 5))
    relief = ground - rng.uniform(0.5, 0.75) * np.minimum(dark, 1)
    relief = relief * (1 - np.minimum(light, 1)) + light * rng.uniform(0.8, 1.8)
    return np.maximum(relief, -0.999).astype(np.float32)  # no grey level is below black


def _within(rng: np.random.Generator, depth: np.ndarray) -> np.ndarray:
    """Return where a patch shows: 1 well inside its outline, 0 outside, with a torn rim. (h, w) float32."""
    margin = min(_MARGIN, 0.3 * float(depth.max()))
    rim = 0.6 * margin * cloud(rng, depth.shape, 4, 3)
    return step(depth - 1.3 * margin - rim, margin / 2) * np.clip(depth / margin, 0, 1)


def _direction(rng: np.random.Generator, depth: np.ndarray) -> float:
    """The direction of a patch's strokes in degrees: along it where it is long, else upright or aslant."""
    moments = cv2.moments((depth > 0).astype(np.uint8), binaryImage=True)
    spread = np.array([[moments["mu20"], moments["mu11"]], [moments["mu11"], moments["mu02"]]])
    values, vectors = np.linalg.eigh(spread)
    if values[1] > 3 * values[0]:
        return float(np.degrees(np.arctan2(*vectors[::-1, 1])))
    return float(rng.normal(90, 4) if rng.random() < 0.5 else rng.choice([-1, 1]) * rng.uniform(4, 35))


def _strokes(rng: np.random.Generator, within: np.ndarray, angle: float) -> np.ndarray:
    """Draw strokes of ink, about 1 where full, in two layers, the dark and the bright: (2, h, w) float32."""
    upright = 45 < abs(angle) < 135
    rows, columns = np.nonzero(within > 0.5)
    if len(rows) == 0:
        rows, columns = np.nonzero(within > 0.2 * within.max())
    # Strokes are clustered, most densely where the contact was hardest.
    crowd = np.exp(0.9 * cloud(rng, within.shape, 14, 14)[rows, columns])
    count = int(np.clip(len(rows) / rng.uniform(40, 90), 8, 2500))
    chosen = rng.choice(len(rows), count, p=crowd / crowd.sum())
    bright = rng.random(count) < rng.uniform(0.1, 0.75)
    longest = rng.uniform(15, 50) if upright else min(0.6 * within.shape[1], rng.uniform(40, 130))
    length = longest * rng.uniform(0.15, 0.8, count) * np.where(bright & upright, 0.3, 1)
    turn = np.radians(angle + rng.normal(0, 3, count))
    reach = np.stack([np.cos(turn), np.sin(turn)], 1) * length[:, None] / 2
    middle = np.stack([columns[chosen], rows[chosen]], 1)
    ends = np.stack([middle - reach, middle + reach], 1).round().astype(int).tolist()
    inks = rng.integers(130, 256, count).tolist()
    widths = [0.4, 0.35, 0.17, 0.08] if upright else [0.65, 0.25, 0.08, 0.02]
    thick = rng.choice([1, 2, 3, 4], count, p=widths).tolist()
    layers = np.zeros((2, *within.shape), np.uint8)
    for place, (begin, end) in enumerate(ends):
        cv2.line(layers[int(bright[place])], begin, end, inks[place], thick[place], cv2.LINE_AA)
    rough = np.clip(0.85 + 0.4 * cloud(rng, within.shape, 1.2, 1.2), 0.2, 1.3) / 255 * within
    return np.stack([cv2.GaussianBlur(layer, (0, 0), 0.6) * rough for layer in layers])
