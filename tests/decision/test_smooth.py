"""Smoothing: against a weighted mean written out cell by cell."""

import numpy as np
import pytest

from severstal.decision.gate import OPEN, Gate
from severstal.decision.smooth import AREA_SHIFT, THRESHOLD_SHIFT, smooth
from severstal.decision.survey import Grid, Landscape

THRESHOLDS = tuple(np.linspace(0.05, 0.95, 19).round(2).tolist())
MIN_AREAS = np.unique(np.geomspace(1, 4096, 25).round()).astype(np.int64)
GATES = (OPEN, Gate("soft", 0.5), Gate("area", 5.0), Gate("soft", 1), Gate("soft", 3))
NEAR = {  # by place: what each gate weighs, and the weight of a stronger one that is not known
    0: ({0: 1, 1: 0.5, 2: 0.5}, 0),
    1: ({1: 1, 0: 0.5, 3: 0.5}, 0),
    2: ({2: 1, 0: 0.5}, 0.5),
    3: ({3: 1, 1: 0.5, 4: 0.5}, 0),
    4: ({4: 1, 3: 0.5}, 0.5),
}


def landscape_of(scores: np.ndarray, empty: float, gates=GATES) -> Landscape:
    scores = np.where(np.tri(19, dtype=bool)[None, :, None, :], scores, np.nan).astype(np.float32)
    draws = np.ones(scores.shape[:3], bool)
    return Landscape(Grid(gates, THRESHOLDS, MIN_AREAS), scores, draws, scores.max(axis=2), empty)


def bell(distance: float, deviation: float) -> float:
    return np.exp(-((distance / deviation) ** 2) / 2) if abs(distance) <= 3 * deviation + 1e-9 else 0.0


@pytest.mark.parametrize(
    "cell", [(0, 10, 12, 6), (1, 18, 0, 18), (2, 3, 20, 0), (3, 9, 5, 9), (4, 18, 23, 2)]
)
def test_it_is_a_mean_over_neighbours_and_what_lies_beyond_is_empty(cell):
    empty = 0.6
    scores = np.random.default_rng(0).random((len(GATES), 19, len(MIN_AREAS), 19))
    gate, high, area, low = cell
    total = weight = 0.0
    by_gate, unknown = NEAR[gate]
    step = 0.05
    for some_high in range(high - 3, high + 4):
        for some_low in range(low - 3, min(low + 3, some_high) + 1):
            near = bell((some_high - high) * step, THRESHOLD_SHIFT) * bell(
                (some_low - low) * step, THRESHOLD_SHIFT
            )
            for some_area, size in enumerate(MIN_AREAS):
                close = near * bell(np.log2(size / MIN_AREAS[area]), AREA_SHIFT)
                for some_gate, share in by_gate.items():
                    inside = some_high < 19 and some_low >= 0
                    score = scores[some_gate, some_high, some_area, some_low] if inside else empty
                    total += close * share * score
                    weight += close * share
                total += close * unknown * empty
                weight += close * unknown
    assert smooth(landscape_of(scores, empty))[cell] == pytest.approx(total / weight, abs=1e-5)


def test_the_middle_of_a_flat_landscape_is_best():
    found = smooth(landscape_of(np.ones((5, 19, len(MIN_AREAS), 19)), 0.5))
    assert found[0, 9, 10, 6] == pytest.approx(1, abs=1e-6)
    assert found[0, 18, 10, 6] < 0.9
    assert found[0, 9, 10, 0] < 0.9
    assert found[4, 9, 10, 6] < found[3, 9, 10, 6]


def test_one_gate_and_one_threshold():
    scores = np.ones((1, 1, len(MIN_AREAS), 1), np.float32)
    grid = Grid((Gate("soft", 1.0),), (0.5,), MIN_AREAS)
    found = smooth(Landscape(grid, scores, scores[..., 0] > 0, scores[:, :, 0], empty=0.0))
    assert np.isfinite(found).all()
