"""Bare steel: light, rolling texture, oxide, grain, and the black beside the strip."""

from dataclasses import dataclass

import cv2
import numpy as np

from severstal.competition.spec import SEVERSTAL
from severstal.data.sample.noise import cloud, step
from severstal.data.sample.plan import Split

HEIGHT, WIDTH = SEVERSTAL.image_shape
FLOOR = 4.0  # grey level of the black beside the strip


@dataclass(frozen=True)
class Roll:
    """What the pictures of one batch of steel share.

    Attributes:
        brightness: median over pictures of the mean grey level of the steel.
        contrast: factor on every texture.
        waves: share of pictures with transverse waves from the rolls.
        oxide: share of pictures with islands of thicker oxide.
    """

    brightness: float
    contrast: float
    waves: float
    oxide: float


ROLLS: dict[Split, Roll] = {
    "train": Roll(brightness=84, contrast=0.7, waves=0.25, oxide=0.25),
    # Kaggle's test set comes from other rolls: its brightness drifts from that of the train set (PSI 0.38).
    "test": Roll(brightness=78, contrast=0.8, waves=0.35, oxide=0.2),
}


@dataclass
class Steel:
    """A picture of bare steel.

    Attributes:
        grey: (H, W) float32, grey level 0 to 255, still without a defect.
        left: first column of steel.
        right: one past the last column of steel.
    """

    grey: np.ndarray
    left: int
    right: int


def draw_steel(rng: np.random.Generator, roll: Roll, dark: bool = False) -> Steel:
    """Draw a picture of bare steel.

    Args:
        rng: random numbers.
        roll: what the batch shares.
        dark: draw darker steel, mostly beside a wide black band: where class 2 is found.

    Example:
        >>> steel = draw_steel(np.random.default_rng(0), ROLLS["train"])
        >>> steel.grey.shape, 0 <= steel.left < steel.right <= 1600
        ((256, 1600), True)
    """
    level = roll.brightness * (0.88 if dark else 1.0) * np.exp(rng.normal(0, 0.3))
    tone = _light(rng) + roll.contrast * _texture(rng, roll)
    grey = np.clip(level, 35, 190) * np.exp(tone) * (1 + roll.contrast * _grain(rng))
    left, right = _edge(rng, grey, dark)
    return Steel(grey, left, right)


def _light(rng: np.random.Generator) -> np.ndarray:
    """The lamps: a slow wave along the strip's width, and most pictures grow brighter downwards."""
    height = np.linspace(-0.5, 0.5, HEIGHT, dtype=np.float32)[:, None]
    slope = rng.uniform(-0.1, 0.8) * step(cloud(rng, (1, WIDTH), 1, 300) + 0.3)
    spot = 0.3 * np.maximum(cloud(rng, (HEIGHT, WIDTH), 140, 200) - 0.5, 0)
    return 0.22 * cloud(rng, (1, WIDTH), 1, 220) + slope * height + spot


def _texture(rng: np.random.Generator, roll: Roll) -> np.ndarray:
    """What rolling leaves: columns always, waves, oxide and a tone boundary in some pictures."""
    shape = HEIGHT, WIDTH
    tone = 0.05 * cloud(rng, shape, 160, 35) + 0.035 * cloud(rng, shape, 90, 6)
    tone += rng.uniform(0.02, 0.06) * cloud(rng, shape, 18, 1.2) * step(cloud(rng, shape, 100, 60), 0.8)
    if rng.random() < roll.waves:
        waves = cloud(rng, shape, 1.4, 30) + 0.8 * cloud(rng, shape, 5, 90)
        lean = np.float32([[1, 0, 0], [rng.uniform(-0.06, 0.06), 1, 0]])
        waves = cv2.warpAffine(waves, lean, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        tone += rng.uniform(0.03, 0.08) * waves * step(cloud(rng, shape, 120, 200), 0.5)
    if rng.random() < roll.oxide:
        islands = cloud(rng, shape, rng.uniform(10, 26), rng.uniform(3, 7)) + 0.5 * cloud(rng, shape, 5, 2)
        islands += 1.6 * cloud(rng, shape, 150, 90)
        tone += rng.uniform(-0.16, 0.14) * step(islands - rng.uniform(1.2, 2.4), 0.15)
    if rng.random() < 0.3:
        boundary = cloud(rng, shape, 130, 170) + 0.02 * cloud(rng, shape, 6, 6)
        tone += rng.uniform(-0.25, 0.15) * step(boundary - rng.uniform(0.2, 1.2), 0.03)
    return tone


def _grain(rng: np.random.Generator) -> np.ndarray:
    """The crystals: fine noise, in places upright dark pores and bright flashes, which follow the columns."""
    shape = HEIGHT, WIDTH
    grain = rng.uniform(0.035, 0.1) * cloud(rng, shape, 0.6, 0.75)
    grain += rng.uniform(0.01, 0.04) * cloud(rng, shape, 0.7, 2.5)
    where = cloud(rng, shape, 120, 45)
    pores = np.maximum(cloud(rng, shape, 2.2, 0.9) - 1.7, 0) * step(where - 0.4, 0.6)
    flashes = np.maximum(cloud(rng, shape, 1.0, 0.8) - 2.2, 0) * step(-where - 0.4, 0.6)
    return grain - rng.uniform(0.0, 0.35) * pores + rng.uniform(0.0, 0.9) * flashes


def _edge(rng: np.random.Generator, grey: np.ndarray, dark: bool) -> tuple[int, int]:
    """Blacken what lies beside the strip, in place; give the first and one past the last column of steel."""
    if rng.random() >= (0.85 if dark else 0.2):
        return 0, WIDTH
    black = int(WIDTH * (rng.uniform(0.15, 0.85) if dark else rng.uniform(0.03, 0.6)))
    columns = np.arange(WIDTH, dtype=np.float32)[None]
    wobble = 0.4 * cloud(rng, (HEIGHT, 1), 30, 1) + rng.uniform(-2, 2) * np.linspace(-1, 1, HEIGHT)[:, None]
    depth = (columns - black - wobble).astype(np.float32)  # pixels inside the strip
    # The strip's edge bends away from the camera, so that it darkens before it ends.
    shade = 1 - rng.uniform(0.15, 0.5) * (1 - step(depth - rng.uniform(10, 40), rng.uniform(4, 20)))
    shade *= 1 + 0.1 * cloud(rng, (HEIGHT, WIDTH), 150, 3) * (depth < 50)
    strip = step(depth, 2.5)
    grain = cloud(rng, (HEIGHT, WIDTH), 1, 1)
    if rng.random() < 0.5:
        shade, strip = shade[:, ::-1], strip[:, ::-1]
        left, right = 0, WIDTH - black - 12
    else:
        left, right = black + 12, WIDTH
    grey *= shade * strip
    grey += (1 - strip) * (FLOOR + 0.6 * grain)
    return left, right
