"""The choice among rules: plateaus before spikes, middles before edges, no loss beyond chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.metric import pair_dice
from severstal.decision import choice as module
from severstal.decision.choice import best_rule, flattest_rule
from severstal.decision.gate import OPEN, Gate, gated_area, reached_levels
from severstal.decision.levels import to_level
from severstal.decision.pairs import PairTables, make_pairs
from severstal.decision.search import thresholds_between
from severstal.decision.survey import Grid, Landscape, survey

PIXELS = 2**16
THRESHOLDS = thresholds_between(0.05, 0.95, 51)
MIN_AREAS = np.unique(np.geomspace(1, PIXELS, 65).round()).astype(np.int64)
MIN_AREAS[0] = 0


def steep(value: int, area: int) -> np.ndarray:
    """Areas of a map that holds `value` in `area` pixels and 0 elsewhere."""
    return np.where(np.arange(256) == 0, PIXELS, np.where(np.arange(256) <= value, area, 0))


def lay_out(areas, intersections, true, probability=None) -> PairTables:
    count = len(true)
    probability = np.full(count, 200, np.uint8) if probability is None else probability
    return make_pairs(areas, intersections, true, probability, np.full(count, 1 / count), 13)


def look(pairs: PairTables, *gates: Gate) -> Landscape:
    return survey(pairs, Grid(gates or (OPEN,), THRESHOLDS, MIN_AREAS))


def test_the_middle_of_a_plateau_is_chosen():
    # Right from 0.05 to level 200, with any minimum area from 65 to 4096.
    areas = np.stack([steep(200, 4096)] * 6 + [steep(255, 64)] * 6)
    true = np.repeat([4096, 0], 6)
    pairs = lay_out(areas, np.minimum(areas, true[:, None]), true)
    cell = flattest_rule(pairs, look(pairs))
    assert 60 < to_level(cell.high) < 160
    assert cell.low < cell.high
    assert np.log2(cell.min_area) == pytest.approx(9, abs=0.6)


def test_a_plateau_is_preferred_to_a_slightly_higher_spike():
    size = 20_000
    areas = np.stack([steep(150, size)] * 10)
    true = np.full(10, size)
    spike = int(np.argmin(np.abs(np.array(THRESHOLDS) - 0.58)))
    place = to_level(THRESHOLDS[spike])
    intersections = np.minimum(areas, size) - 100
    intersections[:, place] += 1  # half a ten-thousandth
    pairs = lay_out(areas, intersections.clip(0), true)
    assert to_level(best_rule(pairs, look(pairs)).low) == place
    assert to_level(flattest_rule(pairs, look(pairs)).high) < place - 10
    intersections[:, place] += 9  # five ten-thousandths, on each and every image: not chance
    pairs = lay_out(areas, intersections.clip(0), true)
    assert to_level(flattest_rule(pairs, look(pairs)).low) == place


def test_what_chance_explains_is_not_preferred():
    # At one level one image of ten gains half a point and another loses a tenth: 0.04 +- 0.05.
    size = 1000
    areas = np.stack([steep(220, size)] * 10)
    intersections = np.minimum(areas, size) // 2
    place = to_level(THRESHOLDS[-10])
    intersections[:2, place] = 1000, 400
    pairs = lay_out(areas, intersections, np.full(10, size))
    assert to_level(best_rule(pairs, look(pairs)).low) == place
    assert to_level(flattest_rule(pairs, look(pairs)).low) != place


def test_of_two_plateaus_the_roomier_one_is_chosen():
    size = 1000
    areas = np.stack([steep(220, size)] * 10)
    intersections = np.minimum(areas, size)
    intersections[:, 50:110] = 0
    pairs = lay_out(areas, intersections, np.full(10, size))
    assert 110 < to_level(flattest_rule(pairs, look(pairs)).low) < 200


def test_the_plainest_of_gates_that_change_nothing():
    areas = np.stack([steep(200, 4096)] * 6 + [steep(0, 0)] * 6)
    true = np.repeat([4096, 0], 6)
    pairs = lay_out(areas, np.minimum(areas, true[:, None]), true, np.full(12, 255, np.uint8))
    landscape = look(pairs, OPEN, Gate("veto", 0.5), Gate("soft", 1), Gate("area", 5))
    assert flattest_rule(pairs, landscape).gate == OPEN
    assert best_rule(pairs, landscape).gate == OPEN


def test_a_gate_that_helps_is_taken():
    areas = np.stack([steep(200, 4096)] * 12)
    true = np.repeat([4096, 0], 6)
    sure = np.repeat(np.uint8([255, 20]), 6)
    pairs = lay_out(areas, np.minimum(areas, true[:, None]), true, sure)
    landscape = look(pairs, OPEN, *(Gate("veto", tenths / 10) for tenths in range(1, 10)))
    assert landscape.best[1:].max() == pytest.approx(1)
    cell = flattest_rule(pairs, landscape)
    assert cell.gate.mode == "veto"
    assert 0.2 < cell.gate.value < 0.9  # neither of the two whose neighbours fail


def test_a_best_minimum_area_between_those_of_the_landscape():
    # One step of the landscape is 19 %: only 30,001 keeps the defects and drops the rest.
    areas = np.stack([steep(128, 30_001)] * 6 + [steep(128, 30_000)] * 6)
    true = np.repeat([30_001, 0], 6)
    pairs = lay_out(areas, np.minimum(areas, true[:, None]), true)
    assert flattest_rule(pairs, look(pairs)).min_area == best_rule(pairs, look(pairs)).min_area == 30_001


def random_pairs(seed: int):
    random = np.random.default_rng(seed)
    count = 60
    areas = np.sort(random.integers(0, 2000, (count, 256)))[:, ::-1].copy()
    areas[:, 1:] = areas[:, 1:] * random.integers(0, 2, (count, 1))
    true = np.where(random.random(count) < 0.4, areas[:, 100], 0)
    inside = np.minimum(areas, true[:, None])
    probability = random.integers(0, 256, count).astype(np.uint8)
    return areas, inside, true, probability


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_the_chosen_rule_loses_no_more_than_one_standard_error(seed):
    gates = (OPEN, Gate("soft", 0.5), Gate("area", 5))
    areas, inside, true, probability = random_pairs(seed)
    pairs = lay_out(areas, inside, true, probability)
    landscape = look(pairs, *gates)
    if not np.isfinite(landscape.best.max()):
        return
    best, chosen = best_rule(pairs, landscape), flattest_rule(pairs, landscape)
    dice = []
    for cell in (best, chosen):
        padded = np.pad(areas, ((0, 0), (0, 1)))
        rows = np.arange(len(true))
        high, low = (reached_levels(cell.gate, value)[probability] for value in (cell.high, cell.low))
        area = padded[rows, high]
        drawn = (area > 0) & (gated_area(cell.gate, area, probability) >= cell.min_area)
        low = np.minimum(low, 255)
        dice.append(pair_dice(inside[rows, low] * drawn, areas[rows, low] * drawn, true))
    difference = dice[0] - dice[1]
    assert dice[0].mean() == pytest.approx(landscape.best.max())
    error = difference.std() / np.sqrt(len(true))
    assert difference.mean() <= max(error, module._TOLERANCE) + 1e-9
