"""Figures by component: against scipy's components and assignment, and scikit-learn's ranking."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import average_precision_score

from severstal.competition.spec import Spec
from severstal.evaluation.components import _TWENTIETHS, ComponentMetrics

ONE = Spec("one", (7, 9), ("hole",))
planes = arrays.arrays(bool, ONE.image_shape, elements=st.integers(0, 9).map(lambda value: value < 6))


def pieces(mask):
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    return [labels == number for number in range(1, count + 1)]


def best_matches(true, predicted, threshold):
    """As many matches as any assignment has: for each predicted piece, whether it has one."""
    overlap = np.array([[(a & b).sum() / (a | b).sum() for b in true] for a in predicted])
    possible = overlap.reshape(len(predicted), len(true)) >= threshold - 1e-12
    rows, columns = linear_sum_assignment(-possible.astype(float))
    hits = np.zeros(len(predicted), bool)
    hits[rows] = possible[rows, columns]
    return hits


@given(planes, planes)
@settings(max_examples=80, deadline=None)
def test_matches_are_those_of_the_best_assignment(truth, prediction):
    metric = ComponentMetrics(ONE)
    metric.update(truth.astype(np.uint8), prediction.astype(np.uint8))
    true, predicted = pieces(truth), pieces(prediction)
    assert metric.sums["true"][0] == len(true)
    assert metric.sums["predicted"].sum() == len(predicted)
    for place, twentieth in enumerate(_TWENTIETHS):
        wanted = best_matches(true, predicted, twentieth / 20).sum()
        assert metric.sums["matched"][0, place].sum() == wanted


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_sklearns_times_the_share_found(seed, spec, draw_batch, split, run):
    truth, prediction, maps = draw_batch(seed, 8)
    maps = maps // 32 * 32  # equal scores
    found = run(ComponentMetrics(spec), truth, prediction, maps)
    t, p = split(truth), split(prediction)
    for k in range(3):
        precisions = []
        for twentieth in _TWENTIETHS:
            hits, scores, number = [], [], 0
            for row in range(len(truth)):
                true, predicted = pieces(t[row, k]), pieces(p[row, k])
                number += len(true)
                hits += best_matches(true, predicted, twentieth / 20).tolist()
                scores += [maps[row, k][piece].max() for piece in predicted]
            share = np.sum(hits) / number
            precisions.append(share * average_precision_score(hits, scores) if any(hits) else 0.0)
            if twentieth == 10:
                assert found["component_recall"][1 + k] == pytest.approx(share)
                assert found["component_precision"][1 + k] == pytest.approx(np.mean(hits))
        assert found["average_precision_50"][1 + k] == pytest.approx(precisions[0])
        assert found["average_precision"][1 + k] == pytest.approx(np.mean(precisions))


def test_a_perfect_prediction_scores_one_and_no_prediction_zero(spec, draw_batch, run):
    truth, _, maps = draw_batch(0, 4)
    assert all((values == 1).all() for values in run(ComponentMetrics(spec), truth, truth, maps).values())
    nothing = run(ComponentMetrics(spec), truth, np.zeros_like(truth))
    assert (nothing["average_precision"] == 0).all()
    assert (nothing["component_f1"] == 0).all()
    assert np.isnan(nothing["component_precision"]).all()


def test_memory_grows_with_the_components_not_with_their_pairs():
    speckle = np.zeros((256, 400), np.uint8)
    speckle[::4, ::4] = 1  # 6,400 components: 41 million pairs, 330 MB of counts
    metric = ComponentMetrics(Spec("speckled", speckle.shape, ("dust",)))
    tracemalloc.start()
    metric.update(speckle, np.roll(speckle, 2, axis=1) | speckle)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6
    found = metric.compute()
    assert (found["component_recall"][0], found["component_precision"][0]) == (1.0, 0.5)
