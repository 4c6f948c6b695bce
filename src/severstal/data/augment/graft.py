"""Seamless pasting of steel from one place into another."""

import cv2
import numpy as np

FEATHER = 7  # pixels over which the new steel passes into the old; odd
_GRAIN = 4  # pixels below which differences are the steel's grain and not its brightness


def graft(target: np.ndarray, source: np.ndarray, known: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Paste a piece of `source` into `target`, matched to the brightness of its surroundings.

    The difference of the two, as it is where both are plain steel, is carried on smoothly into the piece: a
    quick stand-in for Poisson blending (Pérez 2003) that leaves the piece its own texture.

    Args:
        target: (h, w) uint8, or (h, w, 3) of colours, channel by channel.
        source: as `target`.
        known: (h, w) bool: where both are plain steel.
        where: (h, w) bool: what to replace; up to 7 pixels around it are mixed.

    Returns:
        As `target`.

    Example:
        >>> target, source = np.full((40, 40), 90, np.uint8), np.full((40, 40), 120, np.uint8)
        >>> where = np.zeros((40, 40), bool)
        >>> where[15:25, 15:25] = True
        >>> source[20, 20] = 150
        >>> grafted = graft(target, source, ~where, where)
        >>> int(grafted[16, 16]), int(grafted[20, 20])
        (90, 120)
    """
    if target.ndim == 3:
        channels = zip(np.moveaxis(target, 2, 0), np.moveaxis(source, 2, 0), strict=True)
        return np.stack([graft(*pair, known, where) for pair in channels], axis=2)
    shift = spread(target.astype(np.float32) - source, known)
    share = cv2.dilate(where.astype(np.float32), np.ones((FEATHER, FEATHER), np.uint8))
    share = cv2.blur(share, (FEATHER, FEATHER))  # 1 on all of the piece
    mixed = target + share * (source + shift - target)
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def spread(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Average values where they are known, and carry them on smoothly where they are not.

    By a pyramid of averages, pulled up and pushed down (Gortler 1996, "The Lumigraph"): each pixel takes from
    the finest level on which something at its place is known.

    Args:
        values: (h, w) float32.
        known: (h, w) bool.

    Returns:
        (h, w) float32, smooth; zeros where nothing at all is known.

    Example:
        >>> values, known = np.full((20, 30), 4, np.float32), np.zeros((20, 30), bool)
        >>> known[:, :8] = True
        >>> spread(values, known).round(3).min()
        np.float32(4.0)
    """
    levels = [_smaller(array, _GRAIN) for array in (values * known, known.astype(np.float32))]
    pyramid = [levels]
    while max(levels[0].shape) > 1:
        levels = [_smaller(array, 2) for array in levels]
        pyramid.append(levels)
    filled = np.zeros((1, 1), np.float32)
    for total, weight in reversed(pyramid):
        coarse = cv2.resize(filled, total.shape[::-1], interpolation=cv2.INTER_LINEAR)
        trust = np.minimum(1, 4 * weight)  # a quarter of the pixels is enough to know a mean
        filled = coarse + trust * (total / np.maximum(weight, 1e-6) - coarse)
        if weight.size == 1:
            filled = total / np.maximum(weight, 1e-6)  # the mean of all, to begin with
    return cv2.resize(filled, values.shape[::-1], interpolation=cv2.INTER_LINEAR)


def free_places(busy: np.ndarray, size: tuple[int, int], count: int, rng: np.random.Generator) -> np.ndarray:
    """Sample free places for a box.

    Args:
        busy: (H, W) bool.
        size: height and width of the box.
        count: number of places to sample uniformly, with replacement.
        rng: random generator.

    Returns:
        (count, 2) rows and columns of the box's first pixel; (0, 2) where there is no place.

    Example:
        >>> free_places(np.array([[0, 1, 0, 0]], bool), (1, 2), 1, np.random.default_rng(0)).tolist()
        [[0, 2]]
    """
    height, width = size
    if height > busy.shape[0] or width > busy.shape[1]:
        return np.empty((0, 2), np.int64)
    sums = cv2.integral(busy.view(np.uint8))
    inside = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    free = np.flatnonzero(inside == 0)
    if not len(free):
        return np.empty((0, 2), np.int64)
    drawn = free[rng.integers(len(free), size=count)]
    return np.stack(np.divmod(drawn, inside.shape[1]), axis=1)


def grown(mask: np.ndarray, by: int) -> np.ndarray:
    """A mask, (H, W) bool, with `by` pixels around it.

    Example:
        >>> grown(np.array([[0, 0, 1, 0]], bool), 1).astype(int).tolist()
        [[0, 1, 1, 1]]
    """
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    return cv2.dilate(mask.astype(np.uint8), around).astype(bool)


def off_steel(picture: np.ndarray, bands: tuple[int, int, int, int]) -> np.ndarray:
    """Return which pixels are in black bands, (H, W) bool; `bands` as `black_bands` returns them.

    Example:
        >>> off_steel(np.zeros((1, 4), np.uint8), (1, 2, 0, 0)).astype(int).tolist()
        [[1, 0, 1, 1]]
    """
    left, right, top, bottom = bands
    off = np.ones(picture.shape[:2], bool)
    off[top : picture.shape[0] - bottom, left : picture.shape[1] - right] = False
    return off


def _smaller(array: np.ndarray, factor: int) -> np.ndarray:
    size = [-(-side // factor) for side in array.shape[::-1]]
    return cv2.resize(array, size, interpolation=cv2.INTER_AREA)
