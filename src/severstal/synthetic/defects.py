"""Painting of defects: each piece of a mask gets a matching defect."""

from collections.abc import Callable

import numpy as np

from severstal.synthetic.layout import Layout
from severstal.synthetic.scale import scale
from severstal.synthetic.scratches import scratch
from severstal.synthetic.spots import pit, seam

RELIEFS: dict[int, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    1: pit,
    2: seam,
    3: scratch,
    4: scale,
}


def paint(rng: np.random.Generator, grey: np.ndarray, layout: Layout) -> None:
    """Paint all defects of a layout on bare steel, in place; beside the masks nothing changes.

    Args:
        rng: random numbers.
        grey: (H, W) float32, the steel.
        layout: extent of the strip and the pieces of all masks.

    Example:
        >>> from severstal.synthetic.plan import Order, Wanted
        >>> from severstal.synthetic.layout import lay_out
        >>> layout = lay_out(0, "train", 0, Order((Wanted(4, 9000, 1),)))
        >>> grey = np.full((256, 1600), 100, np.float32)
        >>> paint(np.random.default_rng(0), grey, layout)
        >>> bool((grey[layout.bits == 0] == 100).all()), bool(grey[layout.bits > 0].std() > 5)
        (True, True)
    """
    for piece in layout.pieces:
        grey[piece.window] *= 1 + RELIEFS[piece.class_id](rng, piece.depth()) * piece.mask
