"""Geometry of a picture: the strip and each piece of a mask, without grey values."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from scipy.special import ndtr

from severstal.competition.spec import SEVERSTAL
from severstal.synthetic.facts import DEFECT_COLUMNS, DISTANCE_SHARES, DISTANCES, UNEQUAL, Split
from severstal.synthetic.outlines import outline
from severstal.synthetic.plan import LEAST_PIECE, Order, Wanted, stream

_HEIGHT, WIDTH = SEVERSTAL.image_shape
_LINE = 4900  # mask pixels of a scratch line of class 3 that runs through the picture
_LINES_BESIDE = 0.7  # share of class 3's masks with such lines beside a larger piece
_LINES_ALONE = (4000, 18_000)  # range of pixels in which masks of class 3 are mostly lines only
_APART = 3  # pixels between two pieces of one mask
GAP = 6  # pixels between two masks: real masks of two classes never share a pixel
RIM = 8  # pixels between a mask and the end of the strip
_OFF_END = 3  # least pixels between the picture's left or right edge and a mask that it does not cut
_TRIES = 60  # attempts to place a piece
_SAME_PIECE = 6  # attempts with one shape before another is drawn; with 1, large shapes would be too rare

# Order of placement: classes that are small and bound to a column first, large ones around them.
_ORDER = (2, 1, 4, 3)

_TOUCH = {1: (0.105, 0.105), 2: (0.28, 0.4), 3: (0.12, 0.16), 4: (0.14, 0.17)}
"""Chance that a piece is cut by the upper, and by the lower, edge of the picture."""

_ENDS = {3: 0.012, 4: 0.023}
"""Chance that a piece is cut by the left, and as much by the right, end of the picture."""

_NEARER = {1: 0.5, 2: 0.2, 3: 0.35, 4: 0.45}
"""By how much, as a normal score, a mask's pieces lie nearer together than those of all masks do."""

_BANDS: dict[Split, float] = {"train": 0.2, "test": 0.47}
"""Share of pictures with black beside the strip: with brightness what drifts most between train and test."""

_BANDS_BESIDE_SEAMS = 0.88
"""The same of pictures with class 2, which is found near the strip's ends."""


@dataclass(frozen=True)
class DefectPiece:
    """One connected part of a mask.

    Attributes:
        class_id: `ClassId` of the mask.
        top: row of the picture at which its first row is.
        left: column of the picture at which its first column is.
        mask: (h, w) uint8 of 0/1.
    """

    class_id: int
    top: int
    left: int
    mask: np.ndarray

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the picture that the piece covers."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def depth(self) -> np.ndarray:
        """(h, w) float32, pixels inwards from the outline, 0 outside; the picture's edge is no outline."""
        rows, columns = self.window
        mask = self.mask
        for axis, (begin, end, whole) in enumerate(
            [(rows.start, rows.stop, _HEIGHT), (columns.start, columns.stop, WIDTH)]
        ):
            for edge, outer in ((begin == 0, 0), (end == whole, 1)):
                pad = [0, 0, 0, 0]
                pad[2 * axis + outer] = 1
                border = cv2.BORDER_REPLICATE if edge else cv2.BORDER_CONSTANT
                mask = cv2.copyMakeBorder(mask, *pad, border)
        return cv2.distanceTransform(mask, cv2.DIST_L2, 3)[1:-1, 1:-1]


@dataclass
class Layout:
    """The layout of a picture: where the strip is, and where the masks are.

    Attributes:
        left: first column of steel.
        right: one past the last column of steel.
        pieces: pieces of all masks.
    """

    left: int
    right: int
    pieces: list[DefectPiece] = field(default_factory=list)

    @property
    def bits(self) -> np.ndarray:
        """The masks: (H, W) uint8, bit k - 1 for class k."""
        bits = np.zeros((_HEIGHT, WIDTH), np.uint8)
        for piece in self.pieces:
            bits[piece.window] |= piece.mask << (piece.class_id - 1)
        return bits


def lay_out(seed: int, split: Split, index: int, order: Order) -> Layout:
    """Find a place for everything that a picture shall show.

    Every mask gets the area wanted within a few percent and exactly the pieces wanted; where that finds no
    room, everything is placed again.

    Example:
        >>> layout = lay_out(0, "train", 0, Order((Wanted(3, 9000, 2), Wanted(4, 30_000, 1))))
        >>> [piece.class_id for piece in layout.pieces]
        [4, 3, 3]
    """
    rng = stream(seed, split, index, 0)
    wanted = {mask.class_id: mask for mask in order.masks}
    for attempt in range(1000):
        column = _middle(rng, 2, 0, WIDTH)
        layout = Layout(*_strip(rng, split, order, column if 2 in wanted else None))
        free = np.zeros((_HEIGHT, WIDTH), np.uint8)
        inner = layout.left + RIM * (layout.left > 0), layout.right - RIM * (layout.right < WIDTH)
        free[:, inner[0] : inner[1]] = 1
        patience = 0.03 + 0.01 * attempt  # share of a mask's pixels that may be missing
        if all(
            _lay(rng, layout, free, wanted[k], column if k == 2 else None, patience)
            for k in _ORDER
            if k in wanted
        ):
            return layout
    raise AssertionError(f"no room for {order}")  # cannot happen: by then whole masks may be missing


def _strip(rng: np.random.Generator, split: Split, order: Order, column: float | None) -> tuple[int, int]:
    """First column of steel and one past the last; `column` is where class 2 is wanted, near one of them."""
    need = sum(mask.area for mask in order.masks) * 1.8 / _HEIGHT
    if column is not None:
        away = rng.uniform(45, 120)
        left, right = (0, round(column + away)) if column < 250 else (round(column - away), WIDTH)
        fits = left >= 0 and right <= WIDTH and right - left > need
        return (left, right) if fits and rng.random() < _BANDS_BESIDE_SEAMS else (0, WIDTH)
    black = round(WIDTH * (0.02 + 0.6 * rng.random() ** 1.6))
    if rng.random() >= _BANDS[split] or WIDTH - black < need + 60:
        return 0, WIDTH
    return (black, WIDTH) if rng.random() < 0.5 else (0, WIDTH - black)


def _middle(rng: np.random.Generator, class_id: int, left: int, right: int) -> float:
    """A column where the class is usual, within the strip."""
    weights = np.array(DEFECT_COLUMNS[class_id], float)
    edges = np.linspace(0, WIDTH, len(weights) + 1)
    weights *= np.clip(np.minimum(edges[1:], right) - np.maximum(edges[:-1], left), 0, None)
    if not weights.any():
        return rng.uniform(left, right)
    place = rng.choice(len(weights), p=weights / weights.sum())
    return rng.uniform(max(edges[place], left), min(edges[place + 1], right))


@dataclass
class _Habit:
    """Properties that all pieces of one mask share.

    Attributes:
        upright: a normal score: whether they are flat (low) or upright.
        near: a normal score: whether they lie near together (low) or far apart.
        cut: factor on the chance that the picture's upper or lower edge cuts them.
        middle: column of the largest one, None before it is laid.
        column: column at which that one is wanted, None for anywhere.
    """

    upright: float
    near: float
    cut: float
    column: float | None
    middle: float | None = None


def _lay(
    rng: np.random.Generator,
    layout: Layout,
    free: np.ndarray,
    wanted: Wanted,
    column: float | None,
    patience: float,
) -> bool:
    """Place one mask in a layout and mark its surroundings as occupied; return False if there was no room."""
    class_id = wanted.class_id
    lines = class_id == 3 and _LINES_ALONE[0] < wanted.area < _LINES_ALONE[1]
    habit = _Habit(
        rng.normal() + 0.5 * lines, rng.normal(), 1.0 if class_id == 2 else rng.choice([0.4, 1.6]), column
    )
    mine = free.copy()
    parts = _parts(rng, wanted)
    laid = 0
    for number, part in enumerate(parts):
        if number == len(parts) - 1:
            part = max(wanted.area - laid, LEAST_PIECE / 2)  # the last one fills up the area
        piece = _find(rng, layout, mine, class_id, part, habit)
        if piece is None:
            return False
        laid += int(piece.mask.sum())
        layout.pieces.append(piece)
        _take(mine, piece, _APART)
        _take(free, piece, GAP)
        if habit.middle is None:
            habit.middle = piece.left + piece.mask.shape[1] / 2
    return abs(laid - wanted.area) <= patience * wanted.area


def _parts(rng: np.random.Generator, wanted: Wanted) -> np.ndarray:
    """Share a mask's area out among its pieces, the largest first."""
    if wanted.class_id == 3 and wanted.pieces > 1 and rng.random() < _LINES_BESIDE:
        lines = _LINE * np.exp(rng.normal(0, 0.35, wanted.pieces - 1))
        if lines.sum() < 0.7 * wanted.area:
            return np.sort([*lines, wanted.area - lines.sum()])[::-1]
    least = min(LEAST_PIECE, wanted.area / wanted.pieces)
    parts = np.exp(rng.normal(0, UNEQUAL[wanted.class_id], wanted.pieces))
    return np.sort(least + parts / parts.sum() * (wanted.area - wanted.pieces * least))[::-1]


def _find(
    rng: np.random.Generator, layout: Layout, free: np.ndarray, class_id: int, area: float, habit: _Habit
) -> DefectPiece | None:
    """Draw pieces and try places until one fits in; after half the tries anywhere, None in the end."""
    left, right = layout.left, layout.right
    low = left + (RIM if left else _OFF_END)
    high = right - (RIM if right < WIDTH else _OFF_END)
    for attempt in range(_TRIES):
        if attempt % _SAME_PIECE == 0:
            touch = _touch(rng, layout, class_id, habit.cut)
            mask = outline(
                rng, class_id, area, touch, high - low, ndtr(0.85 * habit.upright + 0.53 * rng.normal())
            )
            height, width = mask.shape
        if "left" in touch or "right" in touch:
            x = 0 if "left" in touch else WIDTH - width
        else:
            middle = habit.column if habit.middle is None else habit.middle + _away(rng, class_id, habit.near)
            if middle is None or attempt > _TRIES // 2:
                middle = _middle(rng, class_id, left, right)
            if not left - width / 2 < middle < right + width / 2:
                continue
            x = min(max(round(middle - width / 2), low), high - width)
        if "top" in touch or height >= _HEIGHT - 1:
            y = 0
        else:
            y = _HEIGHT - height if "bottom" in touch else int(rng.integers(1, _HEIGHT - height))
        piece = DefectPiece(class_id, y, x, mask)
        if (free[piece.window] >= mask).all():
            return piece
    return None


def _touch(rng: np.random.Generator, layout: Layout, class_id: int, cut: float) -> set[str]:
    """Edges of the picture at which a piece is cut."""
    upper, lower = (chance * cut for chance in _TOUCH[class_id])
    level = rng.choice(["top", "bottom", ""], p=[upper, lower, 1 - upper - lower])
    end = _ENDS.get(class_id, 0)
    side = rng.choice(["left", "right", ""], p=[end, end, 1 - 2 * end])
    black = (side == "left" and layout.left > 0) or (side == "right" and layout.right < WIDTH)
    return {str(level), "" if black else str(side)} - {""}


def _away(rng: np.random.Generator, class_id: int, near: float) -> float:
    """Pixels along x from a mask's largest piece to another."""
    rank = ndtr(0.8 * near + 0.6 * rng.normal() - _NEARER[class_id])
    return float(np.interp(rank, DISTANCE_SHARES, DISTANCES[class_id])) * rng.choice([-1, 1])


def _take(free: np.ndarray, piece: DefectPiece, gap: int) -> None:
    """Mark a piece and its margin as occupied."""
    height, width = piece.mask.shape
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * gap + 1, 2 * gap + 1))
    near = cv2.dilate(cv2.copyMakeBorder(piece.mask, gap, gap, gap, gap, cv2.BORDER_CONSTANT), disc)
    top, left = piece.top - gap, piece.left - gap
    rows = slice(max(top, 0), min(top + height + 2 * gap, _HEIGHT))
    columns = slice(max(left, 0), min(left + width + 2 * gap, WIDTH))
    part = near[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    free[rows, columns] &= 1 - part
