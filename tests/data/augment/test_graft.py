"""Pasted steel: it takes the brightness around it and keeps its own texture; places that are free."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from severstal.data.augment.graft import FEATHER, free_places, graft, grown, off_steel, spread


def test_the_spread_keeps_a_plane_s_ends_and_bridges_the_gap() -> None:
    plane = np.broadcast_to(np.linspace(0, 100, 200, dtype=np.float32), (60, 200))
    known = np.ones((60, 200), bool)
    known[:, 80:120] = False
    filled = spread(np.where(known, plane, 1e3), known)
    assert np.abs(filled - plane)[known].max() < 6
    assert np.abs(filled - plane).max() < 15


def test_free_places_are_those_that_a_search_finds() -> None:
    busy = np.random.default_rng(0).random((9, 14)) < 0.1
    expected = [
        [top, left]
        for top in range(9 - 3 + 1)
        for left in range(14 - 4 + 1)
        if not busy[top : top + 3, left : left + 4].any()
    ]
    rng = np.random.default_rng(0)
    assert sorted(map(list, set(map(tuple, free_places(busy, (3, 4), 5000, rng).tolist())))) == expected
    assert len(free_places(busy, (10, 4), 5, rng)) == 0
    assert len(free_places(np.ones_like(busy), (3, 4), 5, rng)) == 0


def test_places_are_sampled_evenly() -> None:
    places = free_places(np.zeros((4, 5), bool), (2, 3), 6000, np.random.default_rng(0))
    found, counts = np.unique(places, axis=0, return_counts=True)
    assert found.tolist() == [[top, left] for top in range(3) for left in range(3)]
    assert np.abs(counts / 6000 - 1 / 9).max() < 0.02
    whole = free_places(np.zeros((4, 5), bool), (4, 5), 2, np.random.default_rng(0))
    assert whole.tolist() == [[0, 0], [0, 0]]
    assert free_places(np.zeros((4, 5), bool), (4, 6), 2, np.random.default_rng(0)).shape == (0, 2)


@pytest.mark.parametrize("by", [1, 2, 4, 6])
def test_a_grown_mask_holds_what_lies_within_so_many_pixels(by: int) -> None:
    mask = np.zeros((40, 50), bool)
    mask[18:21, 20:26] = mask[5, 40] = True
    away = distance_transform_edt(~mask)
    more = grown(mask, by)
    assert more[away <= by - 0.5].all()
    assert not more[away > by + 0.5].any()
    assert more[18 - by, 22]
    assert not more[18 - by - 1, 22]


def test_bands_of_every_side_are_off_the_steel() -> None:
    off = off_steel(np.zeros((9, 14), np.uint8), (1, 2, 3, 4))
    expected = np.ones((9, 14), bool)
    expected[3:5, 1:12] = False
    assert np.array_equal(off, expected)
    assert not off_steel(np.zeros((9, 14), np.uint8), (0, 0, 0, 0)).any()


def test_a_graft_changes_nothing_further_than_its_feather() -> None:
    rng = np.random.default_rng(0)
    target, source = (rng.integers(80, 120, (60, 80)).astype(np.uint8) for _ in range(2))
    where = np.zeros((60, 80), bool)
    where[25:35, 30:50] = True
    grafted = graft(target, source, np.ones_like(where), where)
    down, across = np.abs(np.indices(where.shape) - np.array([29.5, 39.5])[:, None, None])
    away = np.maximum(down - 4.5, across - 9.5)
    assert np.array_equal(grafted[away >= FEATHER], target[away >= FEATHER])
    changed = grafted != target
    for distance in range(1, FEATHER - 1):
        assert changed[away == distance].mean() > 0.2, distance
    # On the piece itself it is the source, but for the brightness, which both share here.
    assert np.abs(grafted[where].astype(int) - source[where]).max() <= 8
    assert np.corrcoef(grafted[where], source[where])[0, 1] > 0.98


def test_a_graft_takes_the_light_of_its_place_from_what_is_plain() -> None:
    slope = np.broadcast_to(np.linspace(60, 140, 100, dtype=np.float32), (60, 100))
    target, source = slope.astype(np.uint8), np.full((60, 100), 100, np.uint8)
    where = np.zeros((60, 100), bool)
    where[20:40, 40:60] = True
    target[where] = 250  # a defect, of which the light is not to be taken
    grafted = graft(target, source, ~where, where)
    assert np.abs(grafted[where] - slope[where]).max() < 6
    assert np.abs(grafted.astype(int) - slope)[~where].max() < 6


def test_nothing_known_is_nothing_to_carry_on() -> None:
    assert not spread(np.full((9, 12), 7, np.float32), np.zeros((9, 12), bool)).any()


def test_a_few_known_pixels_are_carried_on_over_everything() -> None:
    values, known = np.full((50, 70), 9, np.float32), np.zeros((50, 70), bool)
    known[3, 4] = True
    np.testing.assert_allclose(spread(values, known), 9, rtol=1e-5)
    values[:, 35:], known[:, :6], known[:, 64:] = 1, True, True
    known[3, 4] = True
    carried = spread(values, known)
    assert carried[:, :6].min() > 8
    assert carried[:, 64:].max() < 2
    assert (np.diff(carried.mean(0)) <= 1e-3).all()  # from one side to the other without a bump
