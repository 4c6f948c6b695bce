"""Features of a picture: brightness, contrast, black bands and texture."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import cv2
import numpy as np

from severstal.data.arrays import to_luma
from severstal.data.images import Pictures
from severstal.progress import progress

if TYPE_CHECKING:
    import pandas as pd

# Where the camera looks beside the strip, the real pictures have a mean of 1 to 6 a column; the darkest steel
# has 9 and more.
_BLACK = 8
LEVELS = (5, 25, 50, 75, 95)  # per cent
_SCALES = 3  # of the texture: whole, half and quarter size
_BLOCK = 256  # pictures in work at a time


def picture_features(pictures: Pictures, names: Sequence[str] | None = None) -> "pd.DataFrame":
    """Describe each picture in numbers that do not depend on its size.

    Args:
        pictures: source of the pictures; only `names` and `picture(name)` are used.
        names: names of the pictures to describe, in order; None for all.

    Returns:
        One row per picture: `ImageId`; `black_left`, `black_right`, `black_top` and `black_bottom`, the share
        of the width or height in black bands at that side; `black`, the share of all pixels in them (0 to 1);
        then, of what is not black, in grey levels: `brightness` (mean), `contrast` (standard deviation),
        `level_5` to `level_95` (quantiles), and by scale 1, 2 and 4 `across_1` and `down_1` (mean absolute
        step to the next pixel along the row, along the column) and `grain_1` (standard deviation of what a
        blur takes away). A wholly black picture has `black` 1 and 0 in all others but the bands.

    Example:
        >>> from types import SimpleNamespace
        >>> grey = np.full((8, 40), 90, np.uint8)
        >>> grey[:, :10] = 2
        >>> table = picture_features(SimpleNamespace(names=["a"], picture={"a": grey}.get))
        >>> table[["ImageId", "brightness", "black", "black_left"]].to_numpy().tolist()
        [['a', 90.0, 0.25, 0.25]]
    """
    import pandas as pd  # here, since a predictor describes pictures without tables

    names = list(pictures.names if names is None else names)
    rows = [features for name, features in zip(names, _each(pictures, names), strict=True)]
    table = pd.DataFrame(rows, columns=list(describe_picture(np.zeros((1, 1), np.uint8))), dtype="float64")
    table.insert(0, "ImageId", pd.Series(names, dtype="str"))
    return table


def describe_picture(picture: np.ndarray) -> dict[str, float]:
    """The features of one picture, (H, W) uint8 or (H, W, 3) by its luma; see `picture_features`.

    Example:
        >>> describe_picture(np.full((8, 8), 90, np.uint8))["contrast"]
        0.0
    """
    picture = to_luma(picture)
    left, right, top, bottom = black_bands(picture)
    height, width = picture.shape
    steel = picture[top : height - bottom, left : width - right]
    row = {
        "black_left": left / width,
        "black_right": right / width,
        "black_top": top / height,
        "black_bottom": bottom / height,
        "black": 1 - steel.size / picture.size,
    }
    empty = steel.size == 0
    if empty:
        steel = np.zeros((1, 1), np.uint8)
    mean, deviation = cv2.meanStdDev(steel)
    row |= {"brightness": mean.item(), "contrast": deviation.item()}
    share = cv2.calcHist([steel], [0], None, [256], [0, 256]).ravel().cumsum() / steel.size
    row |= {f"level_{level}": float(np.searchsorted(share, level / 100 - 1e-6)) for level in LEVELS}
    for scale in (2**k for k in range(_SCALES)):
        row |= {f"{name}_{scale}": value for name, value in _texture(steel).items()}
        steel = cv2.resize(
            steel, [max(1, side // 2) for side in steel.shape[::-1]], interpolation=cv2.INTER_AREA
        )
    return row


def black_bands(picture: np.ndarray) -> tuple[int, int, int, int]:
    """Measure the black bands at a picture's sides.

    Args:
        picture: (H, W) uint8; (H, W, 3) of colours, by its luma.

    Returns:
        Columns at the left and at the right, rows at the top and at the bottom, each counted from its side
        while their mean is below 8 grey levels. A wholly black picture is all left band.

    Example:
        >>> grey = np.full((6, 9), 80, np.uint8)
        >>> grey[:, 7:] = 3
        >>> black_bands(grey)
        (0, 2, 0, 0)
    """
    picture = to_luma(picture)
    height, width = picture.shape
    lit = np.flatnonzero(cv2.reduce(picture, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0] >= _BLACK)
    if not len(lit):
        return width, 0, 0, 0
    left, right = int(lit[0]), width - 1 - int(lit[-1])
    rows = cv2.reduce(picture[:, left : width - right], 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[:, 0]
    lit = np.flatnonzero(rows >= _BLACK)
    return left, right, int(lit[0]), height - 1 - int(lit[-1])


def _texture(steel: np.ndarray) -> dict[str, float]:
    across = cv2.absdiff(steel[:, 1:], steel[:, :-1]) if steel.shape[1] > 1 else steel * 0
    down = cv2.absdiff(steel[1:], steel[:-1]) if steel.shape[0] > 1 else steel * 0
    blurred = cv2.GaussianBlur(steel, (0, 0), 1.5)
    _, grain = cv2.meanStdDev(cv2.subtract(steel, blurred, dtype=cv2.CV_16S))
    return {"across": cv2.mean(across)[0], "down": cv2.mean(down)[0], "grain": grain.item()}


def _each(pictures: Pictures, names: Sequence[str]) -> Iterator[dict[str, float]]:
    """Describe in parallel, in order; OpenCV lets go of the interpreter while it works."""
    with progress(names, "describe pictures") as bar, ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(names), _BLOCK):
            for row in pool.map(
                lambda name: describe_picture(pictures.picture(name)), names[start : start + _BLOCK]
            ):
                yield row
                bar.update()
