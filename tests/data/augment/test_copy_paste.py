"""Pasted pieces: with their mask, on plain steel alone, rare classes first."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.data.augment import Donors
from severstal.data.augment.copy_paste import copy_paste
from severstal.data.augment.donors import Piece

SHAPE = (64, 160)
SPEC = Spec("drawn", SHAPE, tuple(f"class {k}" for k in range(1, 17)))


def donors(classes: dict[str, list[int]], spec: Spec = SPEC) -> Donors:
    """Bright pieces on dark steel: each picture has one piece a class, side by side."""
    rows, pictures = [], {}
    for name, ids in classes.items():
        pictures[name] = np.random.default_rng(len(name)).integers(60, 80, SHAPE).astype(np.uint8)
        for place, class_id in enumerate(ids):
            mask = np.zeros(SHAPE, np.uint8)
            mask[20:32, 10 + 40 * place : 24 + 40 * place] = 1
            pictures[name][mask > 0] = 140
            rows.append((name, class_id, encode(mask)))
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    return Donors(SimpleNamespace(picture=pictures.get), Masks(table, spec), list(classes), spec)


def steel(low: int = 90, high: int = 115) -> np.ndarray:
    return np.random.default_rng(1).integers(low, high, SHAPE).astype(np.uint8)


def paste(picture: np.ndarray, bits: np.ndarray, given: Donors, seed: int = 0):
    return copy_paste(picture, bits, given, 1.0, np.random.default_rng(seed))


@given(st.integers(0, 2**32), st.integers(0, 50), st.integers(1, 16))
@settings(max_examples=60, deadline=None)
def test_bits_are_only_added_and_only_on_plain_steel(seed: int, black: int, class_id: int) -> None:
    rng = np.random.default_rng(seed)
    picture, bits = steel(), np.zeros(SHAPE, np.uint16)
    for _ in range(rng.integers(0, 4)):
        top, left = rng.integers(0, 60), rng.integers(0, 150)
        bits[top : top + rng.integers(1, 30), left : left + rng.integers(1, 40)] = 1 << rng.integers(16)
    picture[:, :black] = 2
    before = (picture.copy(), bits.copy())
    changed, after = paste(picture, bits, donors({"a": [class_id]}), seed)
    assert np.array_equal(picture, before[0])
    assert np.array_equal(bits, before[1])
    assert np.array_equal(after & bits, bits)
    added = after & ~bits
    assert set(np.unique(added)) <= {0, 1 << (class_id - 1)}
    assert np.count_nonzero(added) in (0, 12 * 14)
    assert not bits[added > 0].any()
    assert np.array_equal(changed[bits > 0], picture[bits > 0])
    assert np.array_equal(changed[:, :black], picture[:, :black])
    assert np.array_equal(changed == picture, np.ones(SHAPE, bool)) == (not added.any())


def test_a_piece_takes_the_brightness_of_its_new_place() -> None:
    changed, bits = paste(steel(), np.zeros(SHAPE, np.uint8), donors({"a": [2]}))
    pasted, plain = changed[bits == 2], changed[bits == 0]
    assert pasted.size == 12 * 14
    # 70 grey levels above steel of 70 with a spread of 20: as much above steel of 102 with one of 25.
    assert abs(pasted.mean() - (102 + 70 * 25 / 20)) < 12
    assert abs(plain.mean() - 102) < 3


def test_unlike_steel_gets_nothing() -> None:
    picture, bits = steel(230, 255), np.zeros(SHAPE, np.uint8)
    assert paste(picture, bits, donors({"a": [2]}))[0] is picture


def test_only_the_one_piece_comes_along() -> None:
    spec_bits = np.zeros(SHAPE, np.uint8)
    for seed in range(10):
        changed, bits = paste(steel(), spec_bits, donors({"a": [1, 3]}), seed)
        assert len(np.unique(bits)) == 2
        assert (changed > 135).sum() <= 12 * 14 + 60


def test_rare_classes_are_drawn_inversely_to_their_pictures() -> None:
    given = donors({f"{k}": [1] for k in range(9)} | {"rare": [2]})
    drawn = [int(given.sample(np.random.default_rng(seed), SHAPE).bits.max()) for seed in range(400)]
    assert abs(drawn.count(2) / 400 - 0.9) < 0.06


def test_a_piece_larger_than_the_crop_is_cut() -> None:
    piece = donors({"a": [1]}).sample(np.random.default_rng(0), (8, 200))
    assert piece.picture.shape[0] == 8
    assert piece.bits.shape == piece.steel.shape == piece.picture.shape
    crop = np.random.default_rng(0).integers(60, 80, (8, 30)).astype(np.uint8)
    changed, bits = copy_paste(crop, np.zeros_like(crop), donors({"a": [1]}), 1.0, np.random.default_rng(0))
    assert changed.shape == bits.shape == crop.shape


def test_pieces_are_read_when_drawn_and_travel_to_workers() -> None:
    read = []
    store = SimpleNamespace(picture=lambda name: read.append(name))
    table = pd.DataFrame({"ImageId": ["a"], "ClassId": [2], "EncodedPixels": ["275 4"]})
    Donors(store, Masks(table, SPEC), ["a"], SPEC)
    assert not read


def test_no_defects_at_all_give_nothing() -> None:
    picture, bits = steel(), np.zeros(SHAPE, np.uint8)
    assert paste(picture, bits, donors({}))[0] is picture


@pytest.mark.parametrize(("chance", "low", "high"), [(0.0, 0, 0), (0.5, 25, 55)])
def test_the_chance(chance: float, low: int, high: int) -> None:
    picture, bits, given = steel(), np.zeros(SHAPE, np.uint8), donors({"a": [1]})
    pasted = [
        copy_paste(picture, bits, given, chance, np.random.default_rng(seed))[1].any() for seed in range(80)
    ]
    assert low <= sum(pasted) <= high


def one_piece(picture: np.ndarray, own: np.ndarray, steel: np.ndarray | None = None) -> SimpleNamespace:
    """Donors whose only piece this is."""
    bits = own.astype(np.uint8)
    return SimpleNamespace(sample=lambda rng, largest: Piece(picture, bits, ~own if steel is None else steel))


def test_another_defect_of_the_donor_stays_behind() -> None:
    own, other = np.zeros((50, 70), bool), np.zeros((50, 70), bool)
    own[20:30, 20:30], other[10:40, 33:50] = True, True  # three pixels of steel between them
    donor = np.full(own.shape, 70, np.uint8)
    donor[own], donor[other] = 140, 250
    crop = np.full(SHAPE, 70, np.uint8)
    for seed in range(12):
        changed, bits = paste(crop, np.zeros(SHAPE, np.uint8), one_piece(donor, own, ~(own | other)), seed)
        rows, columns = np.nonzero(bits)
        assert (len(rows), int(np.ptp(rows)), int(np.ptp(columns))) == (100, 9, 9)
        assert (changed[bits == 0] == 70).all()
        assert np.abs(changed[bits > 0].astype(int) - 140).max() <= 1


def test_a_rim_that_the_outline_leaves_out_is_no_steel_to_compare_by() -> None:
    own = np.zeros((40, 40), bool)
    own[15:25, 15:25] = True
    donor = np.full(own.shape, 70, np.uint8)
    donor[12:28, 12:28] = 200  # drawn too small by three pixels
    changed, bits = paste(np.full(SHAPE, 90, np.uint8), np.zeros(SHAPE, np.uint8), one_piece(donor, own))
    assert np.abs(changed[bits > 0].astype(int) - (200 + 90 - 70)).max() <= 1


def test_a_piece_is_mirrored_along_both_axes_by_chance() -> None:
    own = np.zeros((20, 24), bool)
    own[6:14, 6:9] = own[11:14, 6:18] = True  # an L
    crop, donor, seen = np.full(SHAPE, 70, np.uint8), np.where(own, 79, 70).astype(np.uint8), []
    for seed in range(80):
        _, bits = paste(crop, np.zeros(SHAPE, np.uint8), one_piece(donor, own), seed)
        rows, columns = np.nonzero(bits)
        seen.append((bits[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] > 0).tobytes())
    letter = own[6:14, 6:18]
    kinds = [letter, letter[::-1], letter[:, ::-1], letter[::-1, ::-1]]
    counts = [seen.count(kind.tobytes()) for kind in kinds]
    assert sum(counts) == 80
    assert min(counts) >= 9


def test_nothing_is_pasted_onto_a_black_band() -> None:
    own = np.zeros((30, 30), bool)
    own[12:18, 12:18] = True
    donor = np.full(own.shape, 3, np.uint8)
    donor[own] = 7
    crop = np.full(SHAPE, 90, np.uint8)
    crop[:, :100] = 3
    for seed in range(20):
        assert not paste(crop, np.zeros(SHAPE, np.uint8), one_piece(donor, own), seed)[1].any()
    assert paste(np.full(SHAPE, 10, np.uint8), np.zeros(SHAPE, np.uint8), one_piece(donor * 3 + 1, own))[
        1
    ].any()


def test_a_piece_keeps_four_pixels_from_other_defects() -> None:
    crop, donor = np.full(SHAPE, 70, np.uint8), np.full((17, 17), 70, np.uint8)
    donor[4:13, 4:13] = 90
    own = donor == 90
    bits = np.zeros(SHAPE, np.uint8)
    bits[:, ::30] = 2  # lines, between which 29 columns are free
    gaps = []
    for seed in range(60):
        _, after = paste(crop, bits, one_piece(donor, own), seed)
        columns = np.nonzero((after & 1).any(0))[0]
        gaps += [int(columns.min() % 30), int(30 - columns.max() % 30)] if len(columns) else []
    assert min(gaps) == 4 + 4 + 1  # the four pixels of steel that came along, and four more


@pytest.mark.parametrize(("brightness", "pasted"), [(36, True), (139, True), (34, False), (142, False)])
def test_steel_half_or_twice_as_bright_is_alike(brightness: int, pasted: bool) -> None:
    own = np.zeros((30, 30), bool)
    own[12:18, 12:18] = True
    donor = np.full(own.shape, 70, np.uint8)
    donor[own] = 90
    crop = np.full(SHAPE, brightness, np.uint8)
    assert paste(crop, np.zeros(SHAPE, np.uint8), one_piece(donor, own))[1].any() == pasted


@pytest.mark.parametrize(("spread", "pasted"), [(6, True), (18, True), (4, False), (22, False)])
def test_steel_half_or_twice_as_rich_in_contrast_is_alike(spread: int, pasted: bool) -> None:
    own = np.zeros((30, 30), bool)
    own[12:18, 12:18] = True
    checks = np.indices(SHAPE).sum(0) % 2 * 2 - 1  # a deviation of the factor
    donor = (100 + 10 * checks[:30, :30]).astype(np.uint8)
    crop = (100 + spread * checks).astype(np.uint8)
    assert paste(crop, np.zeros(SHAPE, np.uint8), one_piece(donor, own))[1].any() == pasted
