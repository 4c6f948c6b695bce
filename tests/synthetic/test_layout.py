"""Pieces find room: on the steel, apart from one another, with the areas and numbers wanted."""

import numpy as np
import pytest
from scipy import ndimage

from severstal.synthetic.facts import SPLITS, Split
from severstal.synthetic.layout import GAP, RIM, WIDTH, DefectPiece, lay_out
from severstal.synthetic.plan import Order, Wanted, plan_pictures

EIGHT = np.ones((3, 3))


@pytest.mark.parametrize("split", SPLITS)
def test_masks_are_as_wanted_apart_and_on_the_steel(split: Split) -> None:
    plan = plan_pictures(150, 2, split)
    for index, order in enumerate(plan):
        layout = lay_out(2, split, index, order)
        bits = layout.bits
        assert set(np.unique(bits)) - {0} == {1 << (class_id - 1) for class_id in order.classes}
        columns = np.flatnonzero((bits > 0).any(0))
        if len(columns):
            assert columns[0] >= (layout.left + RIM if layout.left else 0)
            assert columns[-1] < (layout.right - RIM if layout.right < WIDTH else WIDTH)
        for mask in order.masks:
            mine = bits == 1 << (mask.class_id - 1)
            assert abs(mine.sum() - mask.area) <= 0.1 * mask.area
            assert ndimage.label(mine, EIGHT)[1] == mask.pieces
            if len(order.masks) > 1:
                others = (bits > 0) & ~mine
                assert ndimage.distance_transform_edt(~mine)[others].min() > GAP - 1


def test_no_column_of_a_crowded_picture_is_asked_for_in_vain() -> None:
    for index, masks in enumerate(
        [
            (Wanted(3, 368_240, 3),),
            (Wanted(3, 200_000, 16),),
            (Wanted(3, 60_000, 10), Wanted(4, 70_000, 12)),
            (Wanted(1, 31_303, 20),),
            (Wanted(1, 5000, 8), Wanted(2, 14_023, 4), Wanted(3, 30_000, 5)),
        ]
    ):
        bits = lay_out(0, "train", index, Order(masks)).bits
        for mask in masks:
            assert abs(np.sum(bits == 1 << (mask.class_id - 1)) - mask.area) < 0.15 * mask.area


def test_depth_is_the_distance_to_the_outline_but_not_to_the_picture() -> None:
    mask = np.ones((20, 30), np.uint8)
    mask[:5, :5] = 0
    inner = DefectPiece(4, 50, 60, mask).depth()
    exact = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    assert np.abs(inner - exact).max() < 0.06 * exact.max()
    assert np.array_equal(inner > 0, mask > 0)
    corner = DefectPiece(4, 236, 1570, mask).depth()
    assert corner[-1, -1] > 18
    assert corner[0, -1] < 1.5


def test_a_layout_depends_on_seed_split_index_and_order_only() -> None:
    order = Order((Wanted(3, 9000, 3),))
    first = lay_out(0, "train", 5, order).bits
    assert np.array_equal(first, lay_out(0, "train", 5, order).bits)
    for other in (lay_out(1, "train", 5, order), lay_out(0, "test", 5, order), lay_out(0, "train", 6, order)):
        assert not np.array_equal(first, other.bits)


def test_black_is_more_frequent_in_the_test_set_and_usual_beside_seams() -> None:
    clean, seam = Order(), Order((Wanted(2, 3000, 1),))

    def share(split: Split, order: Order) -> float:
        layouts = [lay_out(0, split, k, order) for k in range(200)]
        return np.mean([layout.right - layout.left < WIDTH for layout in layouts])

    assert 0.12 < share("train", clean) < 0.28
    assert 0.37 < share("test", clean) < 0.57
    assert share("train", seam) > 0.7
