"""Overlays: nothing of a defect is painted over, classes are named, and badges keep off one another."""

import numpy as np
import pytest
from fixtures.bright_model import bright_predictor, steel

from severstal.deploy.overlay.places import place_badge
from severstal.deploy.result import Result
from severstal.report.colours import rgb


def zoom_of(result: Result, overlay: np.ndarray) -> int:
    return overlay.shape[1] // result.image_shape[1]


@pytest.mark.parametrize("shape", [(32, 48), (64, 600), (700, 40)])
def test_every_pixel_of_a_defect_stays_as_it_was_unless_its_badge_lies_on_it(shape: tuple[int, int]) -> None:
    picture = np.full(shape, 127, np.uint8)
    picture[shape[0] // 2, 2:-2] = 0  # a line of one pixel
    picture[shape[0] // 4, shape[1] // 2] = 255  # a single pixel
    result = bright_predictor(threshold=0.5)(picture)
    assert len(result.defects) == 2
    overlay = result.overlay()
    zoom = zoom_of(result, overlay)
    canvas = overlay[: shape[0] * zoom]
    grey = picture.repeat(zoom, 0).repeat(zoom, 1)
    inside = (result.mask != 0).repeat(zoom, 0).repeat(zoom, 1)
    changed = (canvas != grey[..., None]).any(axis=2) & inside
    assert not changed.any()


def test_the_ring_has_the_colour_of_the_class() -> None:
    picture = np.full((64, 600), 127, np.uint8)
    picture[20:40, 100:200] = 255
    overlay = bright_predictor()(picture).overlay()
    assert overlay[20 - 3, 150].tolist() == list(rgb(1))
    assert overlay[20 - 1, 150].tolist() == [127] * 3  # a pixel of steel in between


def test_the_legend_lies_below_the_picture() -> None:
    clean = bright_predictor()(np.full((64, 600), 127, np.uint8))
    overlay = clean.overlay()
    assert overlay.shape[0] > 64
    assert (overlay[:64] == 127).all()
    assert (overlay[64:] == 255).any()


def test_many_defects_and_names_beyond_latin_are_drawn() -> None:
    assert bright_predictor(threshold=0.5)(steel(60, (256, 1600))).overlay().shape[1] == 1600


def test_badges_cover_no_other_badge_and_no_other_defect() -> None:
    rng = np.random.default_rng(0)
    taken, masks = [], np.zeros((200, 300), np.uint8)
    boxes = [
        (int(x), int(y), 8, 6)
        for x, y in zip(rng.integers(0, 290, 40), rng.integers(0, 190, 40), strict=True)
    ]
    for left, top, width, height in boxes:
        masks[top : top + height, left : left + width] = 2
    for box in boxes:
        place = place_badge(box, (50, 17), masks.shape, taken, masks)
        if place is None:
            continue
        left, top = place
        assert 0 <= left <= 250
        assert 0 <= top <= 183
        assert not masks[top : top + 17, left : left + 50].any()
        assert all(left + 50 <= x or x + w <= left or top + 17 <= y or y + h <= top for x, y, w, h in taken)
        taken.append((left, top, 50, 17))
    assert len(taken) >= 5
