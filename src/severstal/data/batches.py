"""Batches of pictures of equal shape, of a data set in which each may have its own."""

import math
from collections.abc import Callable, Iterator, Sequence

from severstal.competition.spec import SEVERSTAL, Spec


def batches_of_one_shape(
    rows: Sequence[int], shape_of: Callable[[int], tuple[int, ...]], size: int, spec: Spec
) -> Iterator[list[int]]:
    """Split rows into batches of pictures that have the same shape.

    Where all pictures of the data set have one shape, these are consecutive rows. Otherwise rows are gathered
    by shape, and a batch has at most as many pixels as `size` of the competition's pictures, so that large
    pictures do not exhaust the memory; a single one may have more.

    Args:
        rows: numbers of the pictures.
        shape_of: function from such a number to the picture's shape, height and width first.
        size: pictures in a batch, at most.
        spec: specification of the data set.

    Example:
        >>> shapes = [(20, 30), (40, 30), (20, 30), (20, 30)]
        >>> spec = Spec("tiles", None, ("hole",))
        >>> list(batches_of_one_shape(range(4), shapes.__getitem__, 2, spec))
        [[0, 2], [3], [1]]
    """
    if spec.image_shape is not None:
        for start in range(0, len(rows), size):
            yield list(rows[start : start + size])
        return
    groups: dict[tuple[int, ...], list[int]] = {}
    for row in rows:
        groups.setdefault(shape_of(row), []).append(row)
    for shape, group in groups.items():
        fitting = max(1, min(size, size * SEVERSTAL.pixels // math.prod(shape[:2])))
        for start in range(0, len(group), fitting):
            yield group[start : start + fitting]
