"""Orientations are those of numpy, and a group."""

import numpy as np
import pytest

from severstal.data.duplicates.orientation import ORIENTATIONS, nearest_orientation, orient

PICTURE = np.arange(6).reshape(2, 3)
EXPECTED = {
    "same": PICTURE,
    "rotated 90": np.rot90(PICTURE),
    "rotated 180": np.rot90(PICTURE, 2),
    "rotated 270": np.rot90(PICTURE, 3),
    "mirrored left-right": np.fliplr(PICTURE),
    "mirrored top-bottom": np.flipud(PICTURE),
    "transposed": PICTURE.T,
    "anti-transposed": np.rot90(PICTURE, 2).T,
}


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_each_is_what_numpy_does(name: str) -> None:
    assert np.array_equal(orient(PICTURE, name), EXPECTED[name])


def test_they_are_eight_different_ones_and_closed() -> None:
    square = np.arange(9).reshape(3, 3)
    results = {name: orient(square, name).tobytes() for name in ORIENTATIONS}
    assert len(set(results.values())) == 8
    for first in ORIENTATIONS:
        for second in ORIENTATIONS:
            assert orient(orient(square, first), second).tobytes() in results.values()


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_a_matrix_is_read_back(name: str) -> None:
    found, scale = nearest_orientation(np.array(ORIENTATIONS[name]) * 1.1 + 0.01)
    assert found == name
    assert scale == pytest.approx(1.1, abs=0.02)
