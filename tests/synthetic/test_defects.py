"""Painted defects stay within their outline, are visible, and are rougher than the steel around them."""

import cv2
import numpy as np
import pytest

from severstal.synthetic.defects import RELIEFS, paint
from severstal.synthetic.draw import draw_image
from severstal.synthetic.facts import AREAS, CLASS_COMBINATIONS
from severstal.synthetic.layout import DefectPiece, lay_out
from severstal.synthetic.outlines import outline
from severstal.synthetic.plan import Order, Wanted


@pytest.mark.parametrize("classes", CLASS_COMBINATIONS["train"], ids=str)
def test_every_combination_is_drawn_as_ordered(classes: tuple[int, ...]) -> None:
    order = Order(tuple(Wanted(class_id, AREAS[class_id][4], 2) for class_id in classes))
    for index in range(3):
        picture, bits = draw_image(7, "train", index, order)
        assert picture.dtype == bits.dtype == np.uint8
        assert set(np.unique(bits)) - {0} == {1 << (class_id - 1) for class_id in classes}  # none overlap
        assert not bits.any() or picture[bits > 0].mean() > 12  # never on the black


@pytest.mark.parametrize("class_id", [1, 2, 3, 4])
@pytest.mark.parametrize("rank", [0, 5, 10])
def test_reliefs_are_sound_for_any_outline(class_id: int, rank: int) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        mask = outline(rng, class_id, max(AREAS[class_id][rank] / 2, 150), (), 1600, rng.random())
        relief = RELIEFS[class_id](rng, DefectPiece(class_id, 0, 0, mask).depth())
        assert relief.shape == mask.shape
        assert relief.dtype == np.float32
        assert np.isfinite(relief).all()
        assert relief[mask > 0].min() > -1
        assert np.abs(relief[mask > 0]).max() > 0.1


def test_steel_beside_the_masks_stays_as_it_is() -> None:
    layout = lay_out(0, "train", 0, Order((Wanted(1, 5000, 4), Wanted(3, 40_000, 5))))
    grey = np.full((256, 1600), 100, np.float32)
    paint(np.random.default_rng(0), grey, layout)
    assert (grey[layout.bits == 0] == 100).all()
    for bit in (1, 4):
        assert grey[layout.bits == bit].std() > 5


@pytest.mark.parametrize("class_id", [1, 2, 3, 4])
def test_defects_are_rougher_than_the_steel_around_them(class_id: int) -> None:
    ratios = []
    for index in range(12):
        order = Order((Wanted(class_id, AREAS[class_id][5], 2),))
        picture, bits = draw_image(8, "test", index, order)
        grey = picture.astype(np.float32)
        detail = grey - cv2.GaussianBlur(grey, (0, 0), 4)
        mask = (bits > 0).astype(np.uint8)
        around = cv2.dilate(mask, np.ones((41, 41), np.uint8)) - cv2.dilate(mask, np.ones((7, 7), np.uint8))
        ratios.append(detail[mask > 0].std() / detail[around > 0].std())
    assert np.median(ratios) > 1.3
    assert np.mean(np.array(ratios) > 1.05) > 0.75
