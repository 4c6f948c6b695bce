"""An overlay is what its matrix says, in both directions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from severstal.data.duplicates.orientation import ORIENTATIONS, orient
from severstal.data.duplicates.overlay import Overlay, lay_on, overlap, overlay_of

overlays = st.builds(
    Overlay,
    st.sampled_from(list(ORIENTATIONS)),
    st.sampled_from([0.85, 0.9, 1.0, 1.1, 1.18]),
    st.integers(-40, 40),
    st.integers(-40, 40),
)


@given(overlays, st.tuples(st.integers(50, 300), st.integers(50, 300)))
def test_a_matrix_gives_its_overlay_back(overlay: Overlay, shape: tuple[int, int]) -> None:
    first = shape[::-1] if ORIENTATIONS[overlay.orientation][0][0] == 0 else shape
    assert overlay_of(overlay.matrix(first, shape), first, shape) == overlay


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_turned_and_moved_picture_is_exact(orientation: str) -> None:
    picture = np.random.default_rng(0).integers(1, 255, (30, 44)).astype(np.uint8)
    turned = orient(picture, orientation)
    laid = lay_on(picture, Overlay(orientation, 1.0, 4, -7), turned.shape)
    assert np.array_equal(laid[4:, :-7], turned[:-4, 7:])
    assert not laid[:4].any()
    assert not laid[:, -7:].any()


def test_a_scale_that_moves_nothing_is_none() -> None:
    matrix = Overlay("same", 1.01, 0, 0).matrix((100, 200), (100, 200))
    assert overlay_of(matrix, (100, 200), (100, 200)).scale == 1.0
    assert overlay_of(matrix, (100, 800), (100, 800)).scale == pytest.approx(1.01)


def test_overlap_of_two_pictures() -> None:
    picture = np.arange(12).reshape(3, 4)
    first, second = overlap(picture, picture, (1, -2))
    assert first.tolist() == [[2, 3], [6, 7]]
    assert second.tolist() == [[4, 5], [8, 9]]
