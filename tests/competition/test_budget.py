"""The error budget agrees with exact fractions and adds up to the points that the score lacks."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from severstal.competition.budget import BUDGET_PARTS, error_budget
from severstal.competition.metric import score_pairs
from severstal.competition.spec import Spec

AREAS = st.tuples(st.integers(1, 12), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(
        arrays(np.int64, shape, elements=st.integers(0, 6)),
        arrays(np.int64, shape, elements=st.integers(0, 6)),
        arrays(np.int64, shape, elements=st.integers(0, 6)),
    )
)


def brute_force(intersection: np.ndarray, predicted: np.ndarray, true: np.ndarray) -> dict:
    """Points by class and kind as exact fractions, pair by pair."""
    images, classes = true.shape
    lost = {(column, kind): Fraction(0) for column in range(classes) for kind in BUDGET_PARTS}
    for row in range(images):
        for column in range(classes):
            shared, drawn, there = (int(each[row, column]) for each in (intersection, predicted, true))
            if drawn + there == 0:
                continue
            kind = "missed" if drawn == 0 else "alarms" if there == 0 else "outlines"
            lost[column, kind] += (1 - Fraction(2 * shared, drawn + there)) / (images * classes)
    return lost


@settings(max_examples=150, deadline=None)
@given(AREAS)
def test_the_budget_is_that_of_brute_force_and_adds_up(areas) -> None:
    shared, predicted, true = areas
    shared = np.minimum(shared, np.minimum(predicted, true))
    budget = error_budget(shared, predicted, true)
    expected = brute_force(shared, predicted, true)
    for column, loss in enumerate(budget.classes):
        for kind in BUDGET_PARTS:
            assert getattr(loss, kind) == pytest.approx(float(expected[column, kind]), abs=1e-14)
    spec = Spec("s", (4, 4), tuple(f"c{k}" for k in range(true.shape[1])))
    score = score_pairs(shared, predicted, true, spec)
    assert math.isclose(1 - score.score, budget.whole.total, abs_tol=1e-13)
    assert math.isclose(budget.whole.total, sum(loss.total for loss in budget.classes), abs_tol=1e-13)
    assert float(1 - sum(expected.values(), Fraction(0))) == pytest.approx(score.score, abs=1e-13)
    for part, loss in zip(score.classes, budget.classes, strict=True):
        assert math.isclose(1 - part.score, loss.total * true.shape[1], abs_tol=1e-13)


@settings(max_examples=60, deadline=None)
@given(AREAS)
def test_the_counts_agree_with_the_score(areas) -> None:
    shared, predicted, true = areas
    whole = error_budget(np.minimum(shared, np.minimum(predicted, true)), predicted, true).whole
    assert whole.missed_pairs == np.count_nonzero((true > 0) & (predicted == 0))
    assert whole.alarm_pairs == np.count_nonzero((true == 0) & (predicted > 0))
    assert whole.missed_pairs + whole.found_pairs == np.count_nonzero(true)
    assert whole.alarm_pairs + whole.found_pairs == np.count_nonzero(predicted)
    assert whole.missed == pytest.approx(whole.missed_pairs / true.size)
    assert whole.alarms == pytest.approx(whole.alarm_pairs / true.size)


def test_a_mask_beside_the_defect_loses_its_whole_point_as_an_outline() -> None:
    whole = error_budget(np.array([[0]]), np.array([[9]]), np.array([[9]])).whole
    assert (whole.missed, whole.alarms, whole.outlines) == (0, 0, 1)


def test_a_perfect_score_lacks_nothing() -> None:
    areas = np.array([[3, 0], [0, 5]])
    assert error_budget(areas, areas, areas).whole.total == 0
