"""Bare steel: light, rolling texture, oxide, grain, paint marks, and the black beside the strip."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.special import ndtri

from severstal.competition.spec import SEVERSTAL
from severstal.synthetic.facts import Split
from severstal.synthetic.marks import paint_mark
from severstal.synthetic.noise import cloud, step

_HEIGHT, _WIDTH = SEVERSTAL.image_shape
_COARSE = _HEIGHT // 4, _WIDTH // 4
_FLOOR = 3.5  # grey level of the black beside the strip


@dataclass(frozen=True)
class Roll:
    """Properties that all pictures of one batch (roll) of steel share.

    Attributes:
        brightness: factor on the grey level of the steel.
        contrast: factor on every texture.
        waves: share of pictures with transverse waves from the rolls.
        oxide: share of pictures with islands of thicker oxide.
        marks: share of pictures with a white paint mark.
    """

    brightness: float
    contrast: float
    waves: float
    oxide: float
    marks: float


ROLLS: dict[Split, Roll] = {
    "train": Roll(brightness=1.0, contrast=0.7, waves=0.3, oxide=0.22, marks=0.05),
    # Kaggle's test set comes from other rolls: its brightness drifts from that of the train set (PSI 0.38).
    "test": Roll(brightness=0.855, contrast=0.8, waves=0.4, oxide=0.18, marks=0.03),
}

_LEVELS = {(): (87, 0.36), (1,): (83, 0.3), (2,): (87, 0.25), (3,): (90, 0.34), (4,): (100, 0.34)}
"""Median grey level of the steel and spread of its logarithm, by the classes shown, else the highest one."""


def draw_steel(
    rng: np.random.Generator, roll: Roll, left: int, right: int, level: float, marked: bool
) -> np.ndarray:
    """Draw a picture of bare steel.

    Args:
        rng: random numbers.
        roll: properties of the batch.
        left: first column of steel; what lies before it is black.
        right: one past the last column of steel.
        level: mean grey level of the steel.
        marked: whether it may carry a paint mark.

    Returns:
        (H, W) float32, grey level, above 255 where the lamps would dazzle the camera.

    Example:
        >>> draw_steel(np.random.default_rng(0), ROLLS["train"], 0, 1600, 90, False).shape
        (256, 1600)
    """
    tone = _fine(_light(rng) + roll.contrast * _columns(rng)) + roll.contrast * _texture(rng, roll)
    grey = np.exp(tone) * (1 + roll.contrast * _grain(rng))
    strip = grey[:, left:right]
    strip *= level / strip.mean()
    if marked and rng.random() < roll.marks:
        paint_mark(rng, strip)
    if left > 0:
        _blacken(rng, grey, left)
    if right < _WIDTH:
        _blacken(rng, grey[:, ::-1], _WIDTH - right)
    return grey


def steel_level(roll: Roll, classes: tuple[int, ...], light: float) -> float:
    """Return the mean grey level of the steel of a picture.

    Args:
        roll: properties of the batch.
        classes: classes that the picture shows.
        light: quantile of its brightness among such pictures, 0 (darkest) to 1.

    Example:
        >>> round(steel_level(ROLLS["train"], (), 0.5))
        87
    """
    median, spread = _LEVELS[classes if classes in _LEVELS else classes[-1:]]
    return float(np.clip(roll.brightness * median * np.exp(spread * ndtri(light)), 18, 215))


def _light(rng: np.random.Generator) -> np.ndarray:
    """The lamps: a slow wave along the strip's width, most pictures grow brighter downwards. (64, 400)."""
    height = np.linspace(-0.5, 0.5, _COARSE[0], dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, _COARSE[1], dtype=np.float32)[None]
    slope = np.clip(rng.normal(0.7, 0.32), -0.2, 1.5) * (0.5 + 0.5 * step(_coarse(rng, 4, 250)[:1] + 0.3))
    spot = rng.uniform(0, 0.55) * np.maximum(_coarse(rng, 110, 180) - 0.4, 0)
    ends = -rng.uniform(0, 0.5) * across**2
    return rng.uniform(0.05, 0.2) * _coarse(rng, 4, 160)[:1] + slope * height + spot + ends


def _columns(rng: np.random.Generator) -> np.ndarray:
    """Stripes along the rolling direction, of all widths, here strong, there faint. (64, 400)."""
    tone = np.zeros(_COARSE, np.float32)
    for width in (12, 28, 70):
        column = _coarse(rng, 160, width * rng.uniform(0.7, 1.4))
        tone += rng.uniform(0.0, 0.055) * column * step(_coarse(rng, 4, 150)[:1], 0.7)
    return tone


def _coarse(rng: np.random.Generator, sigma_y: float, sigma_x: float) -> np.ndarray:
    """A field too smooth to need every pixel, on a grid of a quarter of the picture's size."""
    return cloud(rng, _COARSE, sigma_y / 4, sigma_x / 4)


def _texture(rng: np.random.Generator, roll: Roll) -> np.ndarray:
    """Draw the texture of rolling: fine streaks always, waves, oxide, stains and a tone boundary in some
    pictures."""
    shape = _HEIGHT, _WIDTH
    tone = rng.uniform(0.0, 0.04) * cloud(rng, shape, 120, rng.uniform(3, 8))
    tone += rng.uniform(0.02, 0.07) * cloud(rng, shape, 16, 1.2) * _fine(step(_coarse(rng, 100, 60), 0.8))
    if rng.random() < roll.waves:
        tone += _waves(rng)
    for _ in range(int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])) if rng.random() < roll.oxide else 0):
        # Flakes are longer along the rolling direction, are clustered, and have sharp edges.
        tall = rng.uniform(5, 26)
        flakes = cloud(rng, shape, tall, rng.uniform(2.5, 6)) + 0.5 * cloud(rng, shape, tall / 3, 1.6)
        flakes += 1.5 * cloud(rng, shape, rng.uniform(40, 150), rng.uniform(25, 110))
        sign = rng.choice([-1.0, 1.0])
        tone += sign * rng.uniform(0.06, 0.25) * step(flakes - rng.uniform(1.4, 3.0), 0.12)
    if rng.random() < 0.4:
        boundary = cloud(rng, shape, 130, 170) + 0.02 * cloud(rng, shape, 6, 6)
        tone += rng.uniform(-0.25, 0.12) * step(boundary - rng.uniform(0.2, 1.2), 0.03)
    if rng.random() < 0.1:  # soot: soft dark stains
        stains = _fine(_coarse(rng, 14, 10) + _coarse(rng, 50, 60)) + 0.4 * cloud(rng, shape, 3, 3)
        tone -= rng.uniform(0.05, 0.3) * np.clip(stains - 1.8, 0, 1.5)
    return tone


def _waves(rng: np.random.Generator) -> np.ndarray:
    """Ripples across the strip: long thin near-horizontal lines, regular in places."""
    y = np.arange(_HEIGHT, dtype=np.float32)[:, None]
    x = np.arange(_WIDTH, dtype=np.float32)[None]
    period = rng.uniform(6, 15)
    bend = y + rng.uniform(-0.06, 0.06) * x + _fine(7 * _coarse(rng, 60, 170))
    bend += 0.9 * cloud(rng, (_HEIGHT, _WIDTH), 5, 30)
    ripple = np.sin(bend * np.float32(2 * np.pi / period)) + 0.8 * cloud(rng, (_HEIGHT, _WIDTH), 1.6, 26)
    where = _fine(step(_coarse(rng, 90, 170) - 0.2, 0.6))
    return rng.uniform(0.03, 0.09) * ripple * where


def _grain(rng: np.random.Generator) -> np.ndarray:
    """The crystals: fine noise, in places upright dark pores and bright flashes, which follow the columns."""
    shape = _HEIGHT, _WIDTH
    fine = cloud(rng, shape, 0.5, 0.62)
    # The coarser crystals are the same noise turned round and blurred, which costs less than new noise.
    coarse = cv2.GaussianBlur(fine[::-1, ::-1], (0, 0), sigmaX=1.7, sigmaY=0.8)
    grain = rng.uniform(0.035, 0.09) * fine + rng.uniform(0.013, 0.04) / coarse.std() * coarse
    where = _coarse(rng, 110, 40)
    speckle = cloud(rng, shape, 1.8, 0.9)
    pores = np.maximum(speckle - 1.7, 0) * _fine(step(where - 0.3, 0.6))
    flashes = np.maximum(-speckle - 1.8, 0) * _fine(step(-where - 0.5, 0.5))
    return grain - rng.uniform(0.0, 0.5) * pores + rng.uniform(0.0, 1.0) * flashes


def _fine(field: np.ndarray) -> np.ndarray:
    """A coarse field enlarged to the picture's size."""
    return cv2.resize(field, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_LINEAR)


def _blacken(rng: np.random.Generator, grey: np.ndarray, black: int) -> None:
    """Blacken the first columns of a picture, in place."""
    near = min(black + 90, _WIDTH)
    columns = np.arange(near, dtype=np.float32)[None]
    wobble = 0.4 * cloud(rng, (_HEIGHT, 1), 30, 1) + rng.uniform(-2, 2) * np.linspace(-1, 1, _HEIGHT)[:, None]
    depth = (columns - black - wobble + 3).astype(np.float32)  # pixels inside the strip
    # The strip's edge bends away from the camera, so that it darkens before it ends.
    shade = 1 - rng.uniform(0.1, 0.5) * (1 - step(depth - rng.uniform(8, 40), rng.uniform(4, 20)))
    shade *= 1 + 0.1 * cloud(rng, (_HEIGHT, near), 150, 3) * (depth < 50)
    strip = step(depth, 2.0)
    grey[:, :near] *= shade * strip
    grey[:, :near] += (1 - strip) * (_FLOOR * rng.uniform(0.2, 1.6) + 0.5 * cloud(rng, (_HEIGHT, near), 1, 1))
