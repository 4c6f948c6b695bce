"""Lossless conversion of masks to polygons and back: corners are between the pixels."""

import numpy as np

Loop = list[tuple[int, int]]

CROSSINGS = 1 << 20  # of edges with pixel rows that are held at a time


def outlines(mask: np.ndarray, inset: float = 0.0) -> list[np.ndarray]:
    """Trace a mask along the edges of its pixels.

    Pixel (row, column) covers the square from (x, y) = (column, row) to (column + 1, row + 1), as in COCO,
    CVAT and on LabelMe's canvas. Pixels that only touch at a corner belong to two polygons. A polygon file
    cannot hold a hole: a cut of no width, between two rows of pixels, joins it to what is around it.

    Args:
        mask: (H, W) of any type; whatever is not zero is set.
        inset: pixels, from 0 to below 0.5, by which right and lower edges move towards the pixels they bound.

    Returns:
        One array (N, 2) of corners x, y per component, from the top down, int64 where nothing is inset;
        `fill` over each of them and a union give the same mask again, pixel for pixel.

    Example:
        >>> [polygon.tolist() for polygon in outlines(np.array([[0, 1, 1], [0, 0, 0]]))]
        [[[1, 0], [3, 0], [3, 1], [1, 1]]]
    """
    bits = np.asarray(mask) != 0
    rows, columns = np.flatnonzero(bits.any(1)), np.flatnonzero(bits.any(0))
    if not rows.size:
        return []
    top, left = int(rows[0]), int(columns[0])
    bits = bits[top : rows[-1] + 1, left : columns[-1] + 1]
    outer, holes = _loops(bits)
    return [np.array(loop) + np.array([left, top]) for loop in _join(outer, holes, inset)]


def fill(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Draw a polygon: a pixel is set if its centre is inside, by the even-odd rule.

    A centre on an edge counts as inside where the polygon lies to its right or below. What reaches out of the
    picture is cut off. A polygon may cross itself, turn either way round and repeat its first corner.

    Args:
        points: (N, 2) corners x, y in pixels, finite.
        shape: height and width in pixels.

    Returns:
        (H, W) bool.

    Example:
        >>> fill(np.array([[0.4, 0], [3, 0], [3, 1], [0.4, 1]]), (2, 4)).astype(int)
        array([[1, 1, 1, 0],
               [0, 0, 0, 0]])
    """
    height, width = shape
    mask = np.zeros((height, width), bool)
    start = np.asarray(points, np.float64)
    end = np.roll(start, -1, axis=0)
    down = (start[:, 1] <= end[:, 1])[:, None]
    upper, lower = np.where(down, start, end), np.where(down, end, start)
    first = np.clip(np.ceil(upper[:, 1] - 0.5), 0, height).astype(np.int64)
    last = np.clip(np.ceil(lower[:, 1] - 0.5), 0, height).astype(np.int64)
    counts = last - first
    crossed = np.flatnonzero(counts)
    if not crossed.size:
        return mask
    upper, lower, first, counts = (part[crossed] for part in (upper, lower, first, counts))
    slope = (lower[:, 0] - upper[:, 0]) / (lower[:, 1] - upper[:, 1])

    top, bottom = int(first.min()), int((first + counts).max())
    left = int(np.clip(np.floor(start[:, 0].min()), 0, width))
    right = int(np.clip(np.ceil(start[:, 0].max()), 0, width))
    span = right - left + 1  # crossings beyond the last column toggle an extra column, which is dropped
    toggles = np.zeros((bottom - top) * span, bool)
    totals = np.cumsum(counts)
    ends = np.searchsorted(totals, np.arange(CROSSINGS, totals[-1], CROSSINGS))
    for chunk in np.split(np.arange(len(counts)), ends):
        repeats = counts[chunk]
        edge = np.repeat(chunk, repeats)
        row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        x = upper[edge, 0] + (row + 0.5 - upper[edge, 1]) * slope[edge]
        column = np.clip(np.ceil(x - 0.5), left, right).astype(np.int64)
        places, crossings = np.unique((row - top) * span + column - left, return_counts=True)
        toggles[places] ^= crossings % 2 == 1
    inside = np.logical_xor.accumulate(toggles.reshape(bottom - top, span), axis=1)
    mask[top:bottom, left:right] = inside[:, :-1]
    return mask


def _loops(bits: np.ndarray) -> tuple[list[Loop], list[Loop]]:
    """The closed lines between set and unset pixels: those around pixels and those around holes.

    Each lists the corners x, y where it turns: the topmost first, of those the leftmost, then to its right.
    """
    padded = np.pad(bits, 1)
    here, right = padded[:-1, :-1], padded[:-1, 1:]
    below, across = padded[1:, :-1], padded[1:, 1:]
    turns = here ^ right ^ below ^ across
    saddles = ~turns & (here == across) & (here != below)  # set pixels that touch at a corner: two turns
    y, x = np.nonzero(turns | saddles)
    double = saddles[y, x]
    falling = here[y, x]  # at a saddle: whether the set pixels lie above left and below right

    # Along a line of the grid, turns pair up: from an odd one to the next runs an edge. At a saddle the first
    # turn ends an edge and the second starts one; which of the two goes up keeps the set pixels apart.
    repeats = 1 + double
    second = np.zeros(repeats.sum(), bool)
    second[np.cumsum(repeats)[double] - 1] = True
    y, x, falling = np.repeat(y, repeats), np.repeat(x, repeats), np.repeat(falling, repeats)
    vertical = np.lexsort((second == falling, y, x))
    across_to = np.arange(len(y)) ^ 1
    along_to = np.empty(len(y), np.int64)
    along_to[vertical] = vertical[np.arange(len(y)) ^ 1]

    corners = list(zip(x.tolist(), y.tolist(), strict=True))
    across_list, along_list = across_to.tolist(), along_to.tolist()
    seen = bytearray(len(corners))
    outer, holes = [], []
    for begin in range(len(corners)):
        if seen[begin]:
            continue
        loop, turn = [], begin
        while not seen[turn]:
            other = across_list[turn]
            seen[turn] = seen[other] = 1
            loop += (corners[turn], corners[other])
            turn = along_list[other]
        column, row = loop[0]
        (outer if bits[row, column] else holes).append(loop)
    return outer, holes


def _move(loop: Loop, inset: float, is_hole: bool) -> list[tuple[float, float]]:
    """Move the right and lower edges of the set pixels; around a hole they run the other way."""
    moved = []
    for index, (x, y) in enumerate(loop):
        along, upright = (index + 1, index - 1) if index % 2 == 0 else (index - 1, (index + 1) % len(loop))
        goes_left = (loop[along][0] < x) == (index % 2 == 0)
        goes_down = (loop[upright][1] > y) == (index % 2 == 1)
        moved.append((x - inset * (goes_down != is_hole), y - inset * (goes_left != is_hole)))
    return moved


def _join(outer: list[Loop], holes: list[Loop], inset: float) -> list[list[tuple[float, float]]]:
    """Join each hole to the line at its left, by a cut along the upper edge of its first pixel.

    That line lies further left than the hole does, so that going from one to the next ends at an outer one.
    """
    loops = outer + holes
    moved = (
        [_move(loop, inset, number >= len(outer)) for number, loop in enumerate(loops)] if inset else loops
    )
    if not holes:
        return moved
    owner = np.repeat(np.arange(len(loops)), [len(loop) // 2 for loop in loops])
    corner = np.concatenate(
        [np.arange(1, len(loop), 2) for loop in loops]
    )  # each where an upright edge starts
    starts = np.concatenate([np.array(loop)[1::2] for loop in loops])
    ends = np.concatenate([np.roll(np.array(loop)[::2], -1, axis=0) for loop in loops])
    upper, lower = np.minimum(starts[:, 1], ends[:, 1]), np.maximum(starts[:, 1], ends[:, 1])

    cuts: dict[tuple[int, int], list[tuple[int, int, int]]] = {}  # by loop and corner: x, y and the hole
    first = {}  # of each hole, the corner where the cut arrives
    for hole in range(len(outer), len(loops)):
        x, y = min(loops[hole])
        first[hole] = loops[hole].index((x, y))
        near = np.flatnonzero((upper <= y) & (y < lower) & (starts[:, 0] < x))
        edge = near[starts[near, 0].argmax()]
        cut = (int(starts[edge, 0]), y, hole)
        cuts.setdefault((int(owner[edge]), int(corner[edge])), []).append(cut)

    def steps(number: int) -> list[tuple[float, float] | int]:
        loop, begin, found = loops[number], first.get(number, 0), []
        for index in (*range(begin, len(loop)), *range(begin)):
            found.append(moved[number][index])
            upwards = loop[(index + 1) % len(loop)][1] < loop[index][1]
            for x, y, hole in sorted(cuts.get((number, index), []), key=lambda cut: cut[1], reverse=upwards):
                found += [(x, y), hole, (x, y)]
        if number not in first:
            return found
        arrival = (moved[number][begin][0], loop[begin][1])
        return [arrival, *found, arrival]

    joined = []
    for number in range(len(outer)):
        polygon, waiting = [], [iter(steps(number))]
        while waiting:
            step = next(waiting[-1], None)
            if step is None:
                waiting.pop()
            elif isinstance(step, int):
                waiting.append(iter(steps(step)))
            elif not polygon or polygon[-1] != step:
                polygon.append(step)
        joined.append(polygon)
    return joined
