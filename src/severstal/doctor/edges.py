"""Masks shifted by a pixel, by what they do at the borders of the picture.

Defects that reach the border end there: runs end in the bottom row and begin in the top row. One pixel
further down the text, as an undecremented start puts them, runs end in the *top* row instead, that of the
next column, and none begins there. Of the 4,598 reference masks none does so untouched, and 2,187 do once
shifted.
"""

from typing import NamedTuple

import numpy as np

from severstal.doctor.displacements import Displacement
from severstal.doctor.table import MaskRuns, Sides

_SEVERAL = 2  # runs over the border before a mask counts as shifted: one alone occurs in sound masks
FEWEST_NEAR_BORDER = 8  # masks next to a border that none touches, before this is worth a word


class Borders(NamedTuple):
    """Distance of each mask from each border, in pixels; each (masks,) int64."""

    top: np.ndarray
    bottom: np.ndarray
    left: np.ndarray
    right: np.ndarray


def measure_borders(runs: MaskRuns, shape: Sides) -> Borders:
    """Find the rows and columns between each mask and the borders of the picture.

    Example:
        >>> one = np.zeros(1, int)
        >>> runs = MaskRuns(start=np.array([5]), length=np.array([2]), row=one, rows=one)
        >>> [int(pixels[0]) for pixels in measure_borders(runs, (4, 8))]
        [1, 1, 1, 6]
    """
    height, width = shape
    end = runs.start + runs.length - 1
    crosses = runs.start // height != end // height  # from one column to the next
    return Borders(
        runs.lowest(np.where(crosses, 0, runs.start % height)),
        runs.lowest(np.where(crosses, 0, height - 1 - end % height)),
        runs.lowest(runs.start // height),
        runs.lowest(width - 1 - end // height),
    )


def wrapped(runs: MaskRuns, shape: Sides) -> dict[Displacement, np.ndarray]:
    """Find the masks of which a line of pixels came out at the other side of the picture.

    Returns:
        By shift, (masks,) bool: whether the mask shows the shift.
    """
    height, width = shape
    end = runs.start + runs.length - 1
    first, last = runs.start % height, end % height
    starts_top, ends_top = runs.count(first == 0), runs.count(last == 0)
    starts_bottom, ends_bottom = runs.count(first == height - 1), runs.count(last == height - 1)
    single_top = runs.count((first == 0) & (runs.length == 1))
    single_bottom = runs.count((last == height - 1) & (runs.length == 1))

    down = (ends_top >= _SEVERAL) & (ends_top >= starts_top) & (starts_top == single_top)
    up = (starts_bottom >= _SEVERAL) & (starts_bottom >= ends_bottom) & (ends_bottom == single_bottom)
    left, right = runs.start // height, end // height
    first_column, second, last_but_one, last_column = (
        runs.count((left <= column) & (right >= column)) > 0 for column in (0, 1, width - 2, width - 1)
    )
    return {
        "down": down & (starts_top == 0),
        "down within columns": down & (starts_top > 0),
        "up": up & (ends_bottom == 0),
        "up within columns": up & (ends_bottom > 0),
        "right": first_column & ~second,
        "left": last_column & ~last_but_one,
    }


def gaps(runs: MaskRuns, shape: Sides) -> dict[Displacement, tuple[int, int, int, int]]:
    """Count what a shift that cuts off leaves: a border that no mask touches, though many are one pixel off.

    Returns:
        By shift: masks at 0, 1 and 2 pixels from the border that they would have left (at 0 only those that
        do not reach the opposite one), and masks at the opposite one, or carried over it.
    """
    borders, marks = measure_borders(runs, shape), wrapped(runs, shape)
    sides: dict[Displacement, tuple[np.ndarray, np.ndarray]] = {
        "down within columns": (borders.top, borders.bottom),
        "up within columns": (borders.bottom, borders.top),
        "right": (borders.left, borders.right),
        "left": (borders.right, borders.left),
    }
    counts = {}
    for shift, (near, far) in sides.items():
        carried, opposite = marks[shift], far <= 0
        # A mask from border to border still touches both when it is carried over.
        touching = (near == 0) & ~carried & ~opposite
        distances = near[~carried]
        counts[shift] = (
            int(touching.sum()),
            int((distances == 1).sum()),
            int((distances == 2).sum()),
            int((opposite | carried).sum()),
        )
    return counts
