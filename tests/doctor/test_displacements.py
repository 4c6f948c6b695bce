"""Each step back undoes what displaced a mask, on pictures that are not square and on square ones."""

from collections.abc import Callable

import numpy as np
import pytest

from severstal.doctor.displacements import Displacement, undo_displacement

WIDE: dict[Displacement, Callable[[np.ndarray], np.ndarray]] = {
    "down": lambda mask: np.roll(mask.ravel("F"), 1).reshape(mask.shape, order="F"),
    "up": lambda mask: np.roll(mask.ravel("F"), -1).reshape(mask.shape, order="F"),
    "down within columns": lambda mask: np.roll(mask, 1, axis=0),
    "up within columns": lambda mask: np.roll(mask, -1, axis=0),
    "right": lambda mask: np.roll(mask, 1, axis=1),
    "left": lambda mask: np.roll(mask, -1, axis=1),
    "written by rows": lambda mask: mask.ravel("C").reshape(mask.shape, order="F"),
    "read by rows": lambda mask: mask.ravel("F").reshape(mask.shape),
    "flipped left to right": np.fliplr,
    "flipped top to bottom": np.flipud,
    "turned upside down": lambda mask: np.rot90(mask, 2),
}
SQUARE: dict[Displacement, Callable[[np.ndarray], np.ndarray]] = {
    "transposed": np.transpose,
    "turned left": np.rot90,
    "turned right": lambda mask: np.rot90(mask, -1),
    "transposed the other way": lambda mask: np.rot90(mask, 2).T,
}


@pytest.mark.parametrize(
    ("displacement", "shape"),
    [
        *((name, shape) for name in WIDE for shape in ((3, 7), (8, 5), (6, 6))),
        *((name, (6, 6)) for name in SQUARE),
    ],
)
def test_undoing_brings_the_mask_back(displacement: Displacement, shape: tuple[int, int]) -> None:
    mask = np.asfortranarray(np.random.default_rng(0).integers(0, 2, shape, np.uint8))
    moved = np.asfortranarray((WIDE | SQUARE)[displacement](mask))
    np.testing.assert_array_equal(undo_displacement(displacement, moved), mask)
