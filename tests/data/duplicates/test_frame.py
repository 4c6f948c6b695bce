"""A relief's place in the frame is the one that its matrix tells."""

import numpy as np
import pytest

from severstal.data.duplicates.frame import LARGEST_SCALE, Frame, content_box


def spot(shape: tuple[int, int], y: int, x: int) -> np.ndarray:
    engraved = np.full(shape, 0.1, np.float32)
    engraved[y, x] = 5
    return engraved


@pytest.mark.parametrize(
    ("shape", "tiles", "square"),
    [((128, 800), 6, False), ((128, 256), 2, False), ((200, 200), 1, True), ((128, 150), 1, True)],
)
def test_the_kind_of_frame(shape: tuple[int, int], tiles: int, square: bool) -> None:
    frame = Frame.for_reliefs([np.ones(shape, np.float32)] * 3, 2)
    assert (frame.tiles, frame.is_square) == (tiles, square)


def test_letterboxed_pictures_count_by_their_content() -> None:
    boxed = np.pad(np.ones((128, 110), np.float32), ((0, 0), (0, 146)))
    assert Frame.for_reliefs([boxed], 2).is_square


@pytest.mark.parametrize("side", [32, 64, 128, 200])
def test_the_scales_reach_as_far_as_promised(side: int) -> None:
    scales = Frame((side, side), 1, side, 1).scales
    ratio = scales[1] / scales[0]
    assert scales.max() * ratio**0.5 >= LARGEST_SCALE - 1e-9
    assert scales.min() / ratio**0.5 <= 1 / LARGEST_SCALE + 1e-9
    assert np.any(scales == 1)
    assert (ratio**0.5 - 1) * side / 2 < 3.2  # pixels at the border between two scales


@pytest.mark.parametrize("shape", [(128, 800), (800, 128), (200, 200), (128, 110), (110, 128)])
def test_a_place_in_the_picture_is_found_in_the_frame(shape: tuple[int, int]) -> None:
    frame = Frame((200, 200), 1, 128, 2) if max(shape) <= 200 else Frame((128, 800), 6, 128, 2)
    canvas, to_frame = frame.place(spot(shape, 20, 31), (shape[0] * 2, shape[1] * 2))
    y, x = np.unravel_index(canvas.argmax(), canvas.shape)
    assert np.allclose(to_frame @ [31.5 * 2, 20.5 * 2, 1], [x + 0.5, y + 0.5])


def test_the_box_of_the_content() -> None:
    assert content_box(np.pad(np.ones((2, 3)), ((1, 4), (5, 6)))) == (1, 3, 5, 8)
    assert content_box(np.zeros((4, 5))) == (0, 4, 0, 5)
