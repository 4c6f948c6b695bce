"""How many pixels of a class a picture gets, in how many pieces."""

import numpy as np

from severstal.data.sample.canvas import Canvas, Stamp
from severstal.data.sample.scale import scale
from severstal.data.sample.scratches import scratch
from severstal.data.sample.spots import pit, seam

SHARES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
AREAS = {
    1: (163, 465, 798, 1063, 1762, 3326, 5775, 8987, 11502, 15648, 31303),
    2: (316, 574, 989, 1213, 1948, 2944, 4321, 5849, 7148, 10532, 14023),
    3: (115, 720, 1829, 2786, 5054, 11954, 29030, 62018, 94011, 193343, 368240),
    4: (491, 1991, 5115, 7090, 13114, 25357, 45220, 75203, 98550, 129925, 192780),
}
"""Pixels of the real masks, an image and class at a time, at the quantiles `SHARES`."""

SINGLE = {1: 0.45, 2: 0.75, 3: 0.30, 4: 0.39}
"""Share of the real masks that are in one piece."""

PIECES = {1: 5.4, 2: 2.2, 3: 3.6, 4: 3.3}
"""Mean number of pieces of the others."""

# Small and tied to a place first; the large ones find room around them.
ORDER = (2, 1, 4, 3)


def paint(rng: np.random.Generator, canvas: Canvas, class_id: int) -> int:
    """Paint one class's defects on a canvas; give the pixels of its mask.

    Example:
        >>> from severstal.data.sample.steel import ROLLS, draw_steel
        >>> rng = np.random.default_rng(0)
        >>> canvas = Canvas(draw_steel(rng, ROLLS["train"]))
        >>> paint(rng, canvas, 4) == (canvas.bits == 8).sum()
        np.True_
    """
    target = float(np.exp(np.interp(rng.random(), SHARES, np.log(AREAS[class_id]))))
    pieces = 1 if rng.random() < SINGLE[class_id] else 1 + rng.geometric(1 / (PIECES[class_id] - 1))
    painted = 0
    for attempt in range(30):
        size = target / pieces * np.exp(rng.normal(0, 0.4)) * 0.93**attempt
        size = float(np.clip(size, min(target, 300), target))
        painted += canvas.set(rng, class_id, _stamp(rng, class_id, size, (canvas.left, canvas.right)))
        if painted > 0.8 * target:
            break
    return painted


def _stamp(rng: np.random.Generator, class_id: int, area: float, span: tuple[int, int]) -> Stamp:
    match class_id:
        case 1:
            return pit(rng, area)
        case 2:
            return seam(rng, area, span)
        case 3:
            return scratch(rng, area)
        case _:
            return scale(rng, area)
