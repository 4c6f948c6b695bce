"""Pieces of rare classes: which class, which picture, which piece, and what of it comes along."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.data.augment.donors import Donors

SHAPE = (60, 120)
SPEC = Spec("drawn", SHAPE, ("first", "second", "third"))


def donors(pieces: dict[str, list[tuple[int, int, int, int, int]]]) -> Donors:
    """Rectangles by picture: class, top, left, height and width; the picture tells its own column."""
    rows, pictures = [], {}
    for name, rectangles in pieces.items():
        pictures[name] = np.broadcast_to(np.arange(SHAPE[1], dtype=np.uint8), SHAPE).copy()
        masks: dict[int, np.ndarray] = {}
        for class_id, top, left, height, width in rectangles:
            mask = masks.setdefault(class_id, np.zeros(SHAPE, np.uint8))
            mask[top : top + height, left : left + width] = 1
        rows += [(name, class_id, encode(mask)) for class_id, mask in masks.items()]
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    return Donors(SimpleNamespace(picture=pictures.get), Masks(table, SPEC), list(pieces), SPEC)


def test_a_piece_comes_with_twelve_pixels_of_steel_where_the_picture_has_them() -> None:
    piece = donors({"a": [(2, 20, 40, 6, 10)]}).sample(np.random.default_rng(0), SHAPE)
    assert piece.picture.shape == piece.bits.shape == piece.steel.shape == (6 + 24, 10 + 24)
    assert (piece.picture[0, 0], piece.picture[0, -1]) == (40 - 12, 50 + 12 - 1)
    expected = np.zeros((30, 34), np.uint8)
    expected[12:18, 12:22] = 2
    assert np.array_equal(piece.bits, expected)
    assert np.array_equal(piece.steel, expected == 0)
    corner = donors({"a": [(1, 0, 110, 5, 10)]}).sample(np.random.default_rng(0), SHAPE)
    assert corner.picture.shape == (5 + 12, 12 + 10)
    assert corner.bits[0, -1] == 1


def test_another_defect_beside_it_is_neither_its_own_nor_steel() -> None:
    given = donors({"a": [(1, 20, 40, 6, 6), (3, 20, 50, 6, 6), (1, 40, 100, 4, 4)]})
    seen = set()
    for seed in range(60):
        piece = given.sample(np.random.default_rng(seed), SHAPE)
        (class_bit,) = set(np.unique(piece.bits)) - {0}
        own = int((piece.bits > 0).sum())
        seen.add((int(class_bit), own))
        assert int((~piece.steel).sum()) == (16 if own == 16 else 72)
    assert seen == {(1, 36), (1, 16), (4, 36)}


def test_a_class_that_overlaps_comes_along() -> None:
    piece = donors({"a": [(1, 20, 40, 6, 6), (2, 22, 42, 2, 2)]})
    found = {int(piece.sample(np.random.default_rng(seed), SHAPE).bits.max()) for seed in range(20)}
    assert found == {3}


def test_pictures_of_a_class_and_pieces_of_a_picture_are_sampled_evenly() -> None:
    given = donors({"a": [(2, 5, 5, 4, 4), (2, 30, 80, 5, 5)], "b": [(2, 20, 40, 6, 6)], "c": []})
    areas = [int((given.sample(np.random.default_rng(seed), SHAPE).bits > 0).sum()) for seed in range(600)]
    assert [areas.count(area) / 600 for area in (16, 25, 36)] == pytest.approx([0.25, 0.25, 0.5], abs=0.06)


def test_a_large_piece_is_cut_anywhere() -> None:
    given = donors({"a": [(1, 10, 10, 40, 90)]})
    lefts = set()
    for seed in range(300):
        piece = given.sample(np.random.default_rng(seed), (20, 30))
        assert piece.picture.shape == (20, 30)
        lefts.add(int(piece.picture[0, 0]))
    assert (min(lefts), max(lefts)) == (0, 10 + 90 + 12 - 30)
    exact = given.sample(np.random.default_rng(0), (60, 112))
    assert exact.picture.shape == (60, 112)


def test_no_defect_is_no_piece() -> None:
    assert donors({"a": [], "b": []}).sample(np.random.default_rng(0), SHAPE) is None
