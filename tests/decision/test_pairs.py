"""Pairs of a class: what is laid out for the search."""

import numpy as np
import pytest

from severstal.competition.metric import pair_dice
from severstal.decision.gate import OPEN, Gate
from severstal.decision.pairs import NOT_DRAWN, make_pairs


def test_every_pair_that_can_be_drawn_is_in_one_part():
    rng = np.random.default_rng(0)
    areas = np.sort(rng.integers(0, 50, (30, 256)))[:, ::-1] * rng.integers(0, 2, (30, 1))
    true = rng.integers(0, 3, 30) * 20
    weights = rng.random(30)
    inside, sure = np.minimum(areas, true[:, None]), rng.integers(0, 256, 30, np.uint8)
    pairs = make_pairs(areas, inside, true, sure, weights, lowest=13)
    drawable = areas[:, 13] > 0
    assert pairs.defects.rows.tolist() == np.flatnonzero(drawable & (true > 0)).tolist()
    assert pairs.clean.rows.tolist() == np.flatnonzero(drawable & (true == 0)).tolist()
    assert pairs.empty == pytest.approx(weights[true == 0].sum())
    assert (pairs.count, pairs.squares) == (30, pytest.approx((weights**2).sum()))
    for part in (pairs.defects, pairs.clean):
        assert np.array_equal(part.areas[:, :256], areas[part.rows])
        assert not part.areas[:, 256].any()
        assert np.array_equal(part.probability, sure[part.rows])
    rows = pairs.defects.rows
    dice = pair_dice(inside[rows], areas[rows], true[rows, None])
    assert np.allclose(pairs.gains[:, :256], dice * weights[rows, None])


def test_reach_is_the_largest_minimum_area_that_draws():
    areas = np.repeat([[60, 40, 0]], [1, 128, 127], axis=1).repeat(4, axis=0)  # 40 pixels of level 128
    sure = np.uint8([255, 128, 51, 0])
    pairs = make_pairs(areas, areas * 0, np.zeros(4, int), sure, np.full(4, 0.25), lowest=13)
    half, high = (0.5,), (0.51,)
    assert pairs.clean.reach(OPEN, half).tolist() == [[40, 40, 40, 40]]
    assert pairs.clean.reach(OPEN, high).tolist() == [[NOT_DRAWN] * 4]
    assert pairs.clean.reach(Gate("veto", 0.5), half).tolist() == [[40, 40, NOT_DRAWN, NOT_DRAWN]]
    assert pairs.clean.reach(Gate("soft", 1), (*half, 0.2)).tolist() == [
        [40, NOT_DRAWN, NOT_DRAWN, NOT_DRAWN],
        [40, 40, NOT_DRAWN, NOT_DRAWN],
    ]
    assert pairs.clean.reach(Gate("area", 5), half).tolist() == [[40, 13, 9, 8]]
