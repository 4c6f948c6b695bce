"""Features of a mask, as small whole numbers that can be counted."""

from typing import NamedTuple

import numpy as np

from severstal.doctor.table import MaskRuns

FEATURE_BINS = {
    "area": 16,
    "width": 12,
    "height": 8,
    "fill": 8,
    "runs": 8,
    "x": 16,
    "y": 16,
    "top": 7,
    "bottom": 7,
}
"""How many values each feature has."""

SHAPE_FEATURES = ("area", "width", "height", "fill", "runs")
"""The features that no flip changes."""


class _Columns(NamedTuple):
    """The runs cut at the ends of the columns, each (stretches,)."""

    mask: np.ndarray
    column: np.ndarray
    first: np.ndarray  # row of the picture, from 0
    last: np.ndarray


def measure_features(runs: MaskRuns, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """Measure the features of each mask.

    `area`, `width` and `height` are those of the mask and of the box around it, as shares of the picture, the
    first two on a log scale; `fill` is the share of the box that is set; `runs` the stretches a column; `x`
    and `y` where its centre lies, in sixteenths of the picture. `top` is 0 for a mask with no stretch that
    begins in the first three rows; else it says in six steps which share of those that do begin in the very
    first. `bottom` is the same for the last rows: people end their outlines at the lower border of a picture
    more neatly than at the upper.

    Returns:
        By name, (masks,) int64 from 0 to `BINS[name] - 1`.
    """
    height, width = shape
    part, masks = _cut(runs, height), len(runs.rows)
    pixels = part.last - part.first + 1

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(part.mask, weights=values, minlength=masks)

    borders = np.flatnonzero(np.diff(part.mask, prepend=-1))
    left, right = np.minimum.reduceat(part.column, borders), np.maximum.reduceat(part.column, borders)
    top, bottom = np.minimum.reduceat(part.first, borders), np.maximum.reduceat(part.last, borders)
    area, wide, high = total(pixels), right - left + 1, bottom - top + 1
    values = {
        "area": 1.5 * np.log2(1600 * area / (height * width)),
        "width": 1.5 * np.log2(200 * wide / width),
        "height": 8 * (high - 1) / height,
        "fill": 8 * area / (wide * high),
        "runs": 8 * (np.bincount(part.mask, minlength=masks) / wide - 1),
        "x": 16 * total(pixels * part.column) / area / width,
        "y": 16 * total(pixels * (part.first + part.last) / 2) / area / height,
        "top": _neatness(part.first, part.mask, masks),
        "bottom": _neatness(height - 1 - part.last, part.mask, masks),
    }
    return {
        name: np.clip(value, 0, FEATURE_BINS[name] - 1).astype(np.int64) for name, value in values.items()
    }


def flipped(
    features: dict[str, np.ndarray], *, left_to_right: bool, top_to_bottom: bool
) -> dict[str, np.ndarray]:
    """The features of the same masks, flipped.

    Example:
        >>> one = {"x": np.array([0]), "y": np.array([3]), "top": np.array([6]), "bottom": np.array([0])}
        >>> {name: int(v[0]) for name, v in flipped(one, left_to_right=True, top_to_bottom=True).items()}
        {'x': 15, 'y': 12, 'top': 0, 'bottom': 6}
    """
    other = dict(features)
    if left_to_right:
        other["x"] = FEATURE_BINS["x"] - 1 - features["x"]
    if top_to_bottom:
        other["y"] = FEATURE_BINS["y"] - 1 - features["y"]
        other["top"], other["bottom"] = features["bottom"], features["top"]
    return other


def _cut(runs: MaskRuns, height: int) -> _Columns:
    end = runs.start + runs.length - 1
    pieces = end // height - runs.start // height + 1
    run = np.repeat(np.arange(len(pieces)), pieces)
    piece = np.arange(len(run)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    column = runs.start[run] // height + piece
    first = np.maximum(runs.start[run], column * height) - column * height
    last = np.minimum(end[run], column * height + height - 1) - column * height
    return _Columns(runs.mask[run], column, first, last)


def _neatness(distance: np.ndarray, mask: np.ndarray, masks: int) -> np.ndarray:
    """0 without a stretch less than three rows from the border, else 1 to 6 by the share right at it."""
    near = np.bincount(mask[distance < 3], minlength=masks)
    at = np.bincount(mask[distance == 0], minlength=masks)
    return np.where(near == 0, 0, 1 + np.minimum(5, 6 * at // np.maximum(near, 1)))
