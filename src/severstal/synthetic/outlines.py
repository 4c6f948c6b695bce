"""Outlines as annotators drew them: coarse polygons of a given area."""

from collections.abc import Collection

import cv2
import numpy as np

from severstal.competition.spec import SEVERSTAL
from severstal.synthetic.facts import ASPECT_SHARES, ASPECTS

HEIGHT, WIDTH = SEVERSTAL.image_shape
_FULL_ROW = 0.75  # of the median width: narrower rows belong to the ends of an outline
_TALLEST_PARTS = 0.85  # boxes this high are drawn through the whole picture: annotators snap to its edges


def outline(
    rng: np.random.Generator, class_id: int, area: float, touch: Collection[str], width: int, rank: float
) -> np.ndarray:
    """Draw one piece of a mask, of the aspect and shape that real pieces of its class and size have.

    Args:
        rng: random numbers.
        class_id: class of the mask.
        area: pixels wanted.
        touch: edges of the picture at which the piece is cut flat, of "top", "bottom", "left" and "right"; a
            piece that is as high as the picture touches both the upper and the lower one.
        width: the most columns that it may have.
        rank: quantile of its height over width among pieces of its size, 0 (flat) to 1 (upright).

    Returns:
        (h, w) uint8 of 0/1, without an empty row or column at its rim.

    Example:
        >>> piece = outline(np.random.default_rng(0), 4, 9000, (), 1600, 0.5)
        >>> bool(abs(piece.sum() - 9000) < 450)
        True
    """
    aspect = _aspect(rng, class_id, area, rank)
    points = _polygon(rng, class_id, aspect)
    for edge, axis, sign in (("top", 1, -1), ("bottom", 1, 1), ("left", 0, -1), ("right", 0, 1)):
        if edge in touch:
            points[:, axis] += sign * rng.uniform(0.03, 0.2)
    points = np.clip(points, 0, 1)
    fill = cv2.contourArea(points.astype(np.float32))
    box = np.array([np.sqrt(area / (fill * aspect)), np.sqrt(area * aspect / fill)])
    if box[1] > (1.0 if class_id == 4 else _TALLEST_PARTS) * HEIGHT:
        points[:, 1] += np.where(points[:, 1] < 0.5, -1, 1) * rng.uniform(0.02, 0.1)
        points = np.clip(points, 0, 1)
        box[:] = box[0] * box[1] / HEIGHT, HEIGHT
    if box[0] > width:
        box[:] = width, min(box[0] * box[1] / width, HEIGHT)
    for _ in range(5):
        mask = cv2.fillPoly(
            np.zeros((round(max(box[1], 6)), round(max(box[0], 6))), np.uint8),
            [(points * (np.maximum(box, 6).round() - 1)).round().astype(np.int32)],
            1,
        )
        excess = area / max(int(mask.sum()), 1)
        if abs(excess - 1) < 0.01:
            break
        growth = np.array([excess, 1.0]) if box[1] >= HEIGHT else np.full(2, np.sqrt(excess))
        box = np.minimum(box * growth, [width, HEIGHT])
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _aspect(rng: np.random.Generator, class_id: int, area: float, rank: float) -> float:
    sizes = np.log([size for size, _ in ASPECTS[class_id]])
    place = np.interp(np.log(area), sizes, np.arange(len(sizes)))
    row = min(int(place + rng.random()), len(sizes) - 1)
    return float(np.exp(np.interp(rank, ASPECT_SHARES, np.log(ASPECTS[class_id][row][1]))))


def _polygon(rng: np.random.Generator, class_id: int, aspect: float) -> np.ndarray:
    """Corners (n, 2), x and y, filling the unit square from side to side."""
    match class_id:
        case 1:
            points = _slab(rng, rng.uniform(0.02, 0.45)) if rng.random() < 0.55 else _ring(rng, 6, 0.1)
        case 2:
            points = _slab(rng, rng.uniform(0.02, 0.5))
        case 3:
            if max(aspect, 1 / aspect) > 2.5 or rng.random() < 0.3:
                lean = rng.uniform(0, 0.25 if aspect > 5 else 0.5 if aspect > 1 else 0.7)
                points = _slab(rng, lean)
                if aspect < 1:
                    points = points[:, ::-1]
            else:
                points = _ring(rng, int(rng.integers(6, 12)), 0.16)
        case _:
            points = _ring(rng, int(rng.integers(9, 34)), rng.uniform(0.14, 0.3))
    low, high = points.min(0), points.max(0)
    return (points - low) / (high - low)


def _slab(rng: np.random.Generator, lean: float) -> np.ndarray:
    """Two long sides, leaning by a share of the box's width, with a step or a kink here and there."""
    kinks = int(rng.integers(0, 3))
    levels = np.concatenate([[0.0], np.sort(rng.uniform(0.1, 0.9, kinks)), [1.0]])
    path = (levels - 0.5) * lean * rng.choice([-1, 1])
    half = (1 - lean) / 2 * rng.uniform(0.8, 1.1, len(levels))
    left = np.stack([path - half, levels + rng.normal(0, 0.01, len(levels))], 1)
    half = (1 - lean) / 2 * rng.uniform(0.8, 1.1, len(levels))
    right = np.stack([path + half, levels + rng.normal(0, 0.01, len(levels))], 1)
    return np.concatenate([left, right[::-1]])


def _ring(rng: np.random.Generator, corners: int, rough: float) -> np.ndarray:
    """Corners around a middle, each at its own distance, neighbours at similar ones."""
    turn = (np.arange(corners) + rng.uniform(-0.35, 0.35, corners)) * 2 * np.pi / corners
    waves = np.arange(2, 6)[:, None]
    swing = rng.normal(0, 1, (4, 1)) / waves * np.cos(waves * turn + rng.uniform(0, 7, (4, 1)))
    reach = np.exp(rough * (2.2 * swing.sum(0) + 0.5 * rng.normal(0, 1, corners)))
    square = 1 / np.maximum(np.abs(np.cos(turn)), np.abs(np.sin(turn))) ** 0.5
    return np.stack([np.cos(turn), np.sin(turn)], 1) * (reach * square)[:, None]


def across(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Measure an upright outline row by row.

    Args:
        mask: (h, w) uint8 or bool, no row empty.

    Returns:
        (h, w) float32, how far a pixel lies from its row's middle: -1 at the outline's left side, 1 at its
        right; and (h, 1) float32, each row's width in pixels. Both are smoothed along the rows.

    Example:
        >>> place, width = across(np.ones((9, 5), np.uint8))
        >>> [f"{x:.1f}" for x in place[4]], width[4].tolist()
        (['-0.8', '-0.4', '0.0', '0.4', '0.8'], [5.0])
    """
    left = mask.argmax(1).astype(np.float32)
    right = mask.shape[1] - mask[:, ::-1].argmax(1).astype(np.float32)
    rows = np.arange(len(mask))
    full = right - left >= _FULL_ROW * np.median(right - left)  # rows at an oblique end are left out
    left, right = np.interp(rows, rows[full], left[full]), np.interp(rows, rows[full], right[full])
    sides = np.stack([left, right], 1).astype(np.float32)
    sides = cv2.blur(sides, (1, 15), borderType=cv2.BORDER_REPLICATE)
    left, right = sides[:, :1], sides[:, 1:]
    width = np.maximum(right - left, 1)
    x = np.arange(mask.shape[1], dtype=np.float32)[None] + 0.5
    return (2 * (x - left) / width - 1).astype(np.float32), width
