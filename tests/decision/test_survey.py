"""The survey: equal to trying every gate, threshold and minimum area, picture by picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from severstal.decision.gate import OPEN, Gate
from severstal.decision.pairs import make_pairs
from severstal.decision.survey import Grid, area_curve, survey

THRESHOLDS = (0.05, 0.2, 0.5, 0.7, 0.95)
MIN_AREAS = np.arange(8)
gates = st.one_of(
    st.just(OPEN),
    st.builds(Gate, st.just("veto"), st.sampled_from([0.2, 0.5, 1.0])),
    st.builds(Gate, st.just("soft"), st.sampled_from([0.3, 1, 2])),
    st.builds(Gate, st.just("area"), st.sampled_from([1, 2, 5, 7.5])),
)


def draw(plane: np.ndarray, p: float, gate: Gate, high: float, low: float, min_area: int) -> np.ndarray:
    """A mask as the rule says, without a level or a table."""
    if gate.mode == "veto" and p < gate.value:
        return np.zeros(plane.shape, bool)
    value = plane / 255 * (p**gate.value if gate.mode == "soft" else 1)
    factor = gate.value - (gate.value - 1) * p if gate.mode == "area" else 1
    area = (value >= high - 1e-12).sum()
    if not area or area < min_area * factor - 1e-9:
        return np.zeros(plane.shape, bool)
    return value >= low - 1e-12


def dice(drawn: np.ndarray, mask: np.ndarray) -> float:
    total = drawn.sum() + mask.sum()
    return 2 * (drawn & mask).sum() / total if total else 1.0


def brute_force(maps, truth, probability, weights, gate, high, low, min_area) -> tuple[float, bool]:
    """The weighted mean Dice, and whether any picture with a defect is drawn."""
    masks = [
        draw(plane, p / 255, gate, high, low, min_area)
        for plane, p in zip(maps, probability.tolist(), strict=True)
    ]
    score = sum(weight * dice(drawn, mask) for drawn, mask, weight in zip(masks, truth, weights, strict=True))
    return score, any(drawn.any() and mask.any() for drawn, mask in zip(masks, truth, strict=True))


def pairs_of(maps, truth, probability, weights):
    at_least = maps[:, None] >= np.arange(256)[:, None, None]  # (N, 256, H, W)
    areas = at_least.sum(axis=(2, 3), dtype=np.int32)
    intersections = (at_least & truth[:, None]).sum(axis=(2, 3), dtype=np.int32)
    return make_pairs(areas, intersections, truth.sum(axis=(1, 2)), probability, weights, lowest=13)


values = st.sampled_from([0, 9, 40, 128, 129, 200, 250])


@given(
    arrays.arrays(np.uint8, (6, 2, 3), elements=values),
    arrays.arrays(bool, (6, 2, 3)),
    st.sets(st.integers(0, 5)),
    st.sets(st.integers(0, 5), max_size=3),
    arrays.arrays(np.uint8, 6, elements=st.sampled_from([0, 50, 51, 128, 255])),
    st.one_of(st.none(), arrays.arrays(np.float64, 6, elements=st.floats(0, 5, width=16))),
    st.lists(gates, min_size=1, max_size=2, unique=True),
)
@settings(max_examples=40, deadline=None)
def test_every_rule_scores_as_if_it_were_drawn(maps, truth, clean, blank, probability, weights, some_gates):
    truth[list(clean)] = False  # six of six at times: no image has a defect
    maps[list(blank)] = 0
    weights = np.ones(6) if weights is None or not weights.any() else weights
    weights = weights / weights.sum()
    pairs = pairs_of(maps, truth, probability, weights)
    found = survey(pairs, Grid(tuple(some_gates), THRESHOLDS, MIN_AREAS))

    assert found.empty == pytest.approx(weights[~truth.any(axis=(1, 2))].sum())
    for place, gate in enumerate(some_gates):
        for row, high in enumerate(THRESHOLDS):
            for column, low in enumerate(THRESHOLDS):
                if low > high:
                    assert np.isnan(found.scores[place, row, :, column]).all()
                    assert found.best[place, row, column] == -np.inf
                    continue
                tried = [
                    brute_force(maps, truth, probability, weights, gate, high, low, min_area)
                    for min_area in MIN_AREAS
                ]
                scores = [score for score, _ in tried]
                assert found.scores[place, row, :, column] == pytest.approx(scores, abs=1e-6)
                assert found.draws[place, row].tolist() == [drawn for _, drawn in tried]
                drawing = [score for score, drawn in tried if drawn]
                assert found.best[place, row, column] == pytest.approx(
                    max(drawing, default=-np.inf), abs=1e-12
                )
                _, curve = area_curve(pairs, gate, high, low, MIN_AREAS)
                assert curve == pytest.approx(scores, abs=1e-12)


def test_minimum_areas_between_those_of_the_grid_are_tried():
    # Only a minimum area of exactly 5 keeps the defect and drops the rest.
    maps = np.zeros((2, 1, 9), np.uint8)
    maps[0, 0, :5] = maps[1, 0, :4] = 200
    truth = np.zeros((2, 1, 9), bool)
    truth[0, 0, :5] = True
    pairs = pairs_of(maps, truth, np.uint8([200, 200]), np.full(2, 0.5))
    found = survey(pairs, Grid((OPEN,), (0.5,), np.array([0, 4, 6])))
    assert found.best.max() == 1
    assert found.scores.max() == 0.5
    areas, scores = area_curve(pairs, OPEN, 0.5, 0.5)
    assert (areas.tolist(), scores.tolist()) == ([4, 5], [0.5, 1])


def test_large_numbers_of_images_agree_with_drawing_each_at_once():
    random = np.random.default_rng(0)
    maps = (random.integers(0, 256, (400, 5, 8)) * random.random((400, 1, 1))).astype(np.uint8)
    truth = random.random((400, 5, 8)) < random.choice([0, 0.3, 0.9], (400, 1, 1))
    probability = random.integers(0, 256, 400).astype(np.uint8)
    weights = random.random(400)
    weights /= weights.sum()
    pairs = pairs_of(maps, truth, probability, weights)
    some = (OPEN, Gate("veto", 0.4), Gate("soft", 0.5), Gate("area", 5))
    found = survey(pairs, Grid(some, THRESHOLDS, MIN_AREAS))
    for place, row, area, column in random.integers(0, (4, 5, 8, 5), (60, 4)):
        row, column = max(row, column), min(row, column)
        rule = some[place], THRESHOLDS[row], THRESHOLDS[column], MIN_AREAS[area]
        score, _ = brute_force(maps, truth, probability, weights, *rule)
        assert found.scores[place, row, area, column] == pytest.approx(score, abs=1e-6)
