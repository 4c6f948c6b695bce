"""Erasing pieces of a mask from the picture, and their label with them."""

from collections.abc import Iterator

import cv2
import numpy as np

from severstal.data.arrays import where_pixels
from severstal.data.augment.graft import FEATHER, free_places, graft, grown, off_steel
from severstal.data.augment.window import Window
from severstal.data.features import black_bands

_MARGIN = 6  # pixels around a piece that may still show the defect, as annotators draw outlines coarsely
_EDGE = 64  # pixels beside a black band: the strip's edge there, striped along, is no steel for other places
# Pixels around what is replaced, from which the brightness is carried on: fewer where steel is short.
_CONTEXTS = (FEATHER + 9, FEATHER)
_SMALLEST = 48  # pixels: no part is halved into shorter ones; many small parts would show as patchwork
_TRIES, _NEAREST = 64, 12  # places sampled from all free ones; number of the nearest that are compared

Box = tuple[slice, slice]


def blackout(
    picture: np.ndarray, bits: np.ndarray, window: Window, chance: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Erase components of the mask inside a window: plain steel is pasted over them and their label removed.

    The 1st place blacked out pieces to teach the classifier that no defect means no class. Black itself would
    be a cue, so plain steel is used. A piece is an 8-connected component of any classes. A large piece is
    covered in parts; where the picture has too little plain steel for one, the piece stays.

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours.
        bits: (H, W), bit k - 1 for class k.
        window: window that the crop will be cut from; pieces outside it are unchanged.
        chance: probability of erasing each piece.
        rng: random generator.

    Returns:
        Picture and mask; unchanged where nothing was erased.

    Example:
        >>> picture = np.random.default_rng(0).integers(80, 99, (64, 200), np.uint8)
        >>> bits = np.zeros((64, 200), np.uint8)
        >>> bits[20:30, 40:60] = 3
        >>> picture[bits > 0] = 220
        >>> erased, left = blackout(picture, bits, Window(0, 0, 64, 100), 1.0, np.random.default_rng(0))
        >>> int(left.max()), int(erased.max()) < 105
        (0, True)
    """
    if not cv2.countNonZero(window.of(bits)):
        return picture, bits
    _, labels, boxes, _ = cv2.connectedComponentsWithStats((bits != 0).astype(np.uint8))
    met = np.unique(window.of(labels))
    chosen = [number for number in met[met > 0] if rng.random() < chance]
    if not chosen:
        return picture, bits

    bands = black_bands(picture)
    black = off_steel(picture, bands)
    defect = grown(bits != 0, _MARGIN)
    busy = defect | off_steel(picture, tuple(band + _EDGE if band else 0 for band in bands))
    plain = picture
    picture, bits = picture.copy(), bits.copy()
    for number in chosen:
        left, top, width, height, _ = boxes[number]
        box = _around((slice(top, top + height), slice(left, left + width)), _MARGIN, bits.shape)
        where = np.zeros(bits.shape, bool)
        where[box] = grown(labels[box] == number, _MARGIN) & ((labels[box] == number) | (labels[box] == 0))
        where &= ~black
        parts = list(_parts(box, where, busy, plain, rng))
        if any(source is None for _, _, source in parts):
            continue
        waiting = defect | black
        for part, wide, source in parts:
            here = np.zeros(bits.shape, bool)
            here[part] = where[part]
            steel = graft(picture[wide], plain[source], ~waiting[wide], here[wide])
            others = (labels[wide] != number) & (bits[wide] != 0)
            picture[wide] = where_pixels(others | black[wide], picture[wide], steel)
            waiting[part] &= ~where[part]  # plain steel now, to which the next part is matched
        bits[labels == number] = 0
    return picture, bits


def _parts(
    box: Box, where: np.ndarray, busy: np.ndarray, picture: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[Box, Box, Box | None]]:
    """Split a box until plain steel is found for each part: yield the part, its context, and that steel."""
    if not where[box].any():
        return
    for context in _CONTEXTS:
        wide = _around(box, context, busy.shape)
        source = _source(wide, busy, picture, rng)
        if source is not None:
            break
    sides = [side.stop - side.start for side in box]
    if source is not None or max(sides) < 2 * _SMALLEST:
        yield box, wide, source
        return
    axis = int(np.argmax(sides))
    middle = box[axis].start + sides[axis] // 2
    for half in (slice(box[axis].start, middle), slice(middle, box[axis].stop)):
        yield from _parts((half, box[1]) if axis == 0 else (box[0], half), where, busy, picture, rng)


def _source(wide: Box, busy: np.ndarray, picture: np.ndarray, rng: np.random.Generator) -> Box | None:
    """Find plain steel of the size of a box: near it, and similar to the plain part of it."""
    size = tuple(side.stop - side.start for side in wide)
    places = free_places(busy, size, _TRIES, rng)
    if not len(places):
        return None
    away = np.abs(places - [side.start for side in wide]).sum(axis=1)
    places = places[np.argsort(away, kind="stable")[:_NEAREST]]
    boxes = [
        tuple(slice(int(at), int(at) + side) for at, side in zip(place, size, strict=True))
        for place in places
    ]
    around = _look(picture[wide], ~busy[wide]) if not busy[wide].all() else None
    if around is None:
        return boxes[0]
    return min(boxes, key=lambda box: np.abs(_look(picture[box], None) - around).sum())


def _look(steel: np.ndarray, where: np.ndarray | None) -> np.ndarray:
    mask = None if where is None else where.astype(np.uint8)
    return np.concatenate(cv2.meanStdDev(steel, mask=mask)).ravel()


def _around(box: Box, by: int, shape: tuple[int, int]) -> Box:
    return tuple(
        slice(max(0, int(side.start) - by), min(whole, int(side.stop) + by))
        for side, whole in zip(box, shape, strict=True)
    )
