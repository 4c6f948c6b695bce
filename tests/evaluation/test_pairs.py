"""Figures by pair: against the competition's score and scikit-learn's."""

from fractions import Fraction

import numpy as np
import pytest
from sklearn import metrics as sk

from severstal.competition.metric import class_areas, score_pairs
from severstal.evaluation.pairs import PairMetrics


@pytest.mark.parametrize("seed", range(4))
def test_dice_is_the_competitions(seed, spec, draw_batch, run):
    truth, prediction, _ = draw_batch(seed, 6)
    found = run(PairMetrics(spec), truth, prediction)
    areas = zip(*(class_areas(p, t, 3) for t, p in zip(truth, prediction, strict=True)), strict=True)
    score = score_pairs(*map(np.array, areas), spec)
    assert found["score"][0] == pytest.approx(score.score)
    for name in ("score", "dice_on_defects"):
        np.testing.assert_allclose(found[name][1:], [getattr(each, name) for each in score.classes])


@pytest.mark.parametrize("seed", range(4))
def test_precision_and_recall_are_sklearns(seed, spec, draw_batch, split, run):
    truth, prediction, _ = draw_batch(seed, 12)
    found = run(PairMetrics(spec), truth, prediction)
    t, p = (split(each).any(axis=(2, 3)) for each in (truth, prediction))
    functions = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}
    for name, function in functions.items():
        np.testing.assert_allclose(found[f"pair_{name}"][1:], function(t, p, average=None))
        np.testing.assert_allclose(found[f"pair_{name}"][0], function(t, p, average="macro"))


def test_without_defects_there_is_a_score_and_no_recall(spec, run):
    clean = np.zeros((2, *spec.image_shape), np.uint8)
    found = run(PairMetrics(spec), clean, clean)
    assert (found["score"] == 1).all()
    assert np.isnan(found["pair_recall"]).all()
    assert np.isnan(found["dice_on_defects"]).all()


def test_no_sum_rounds(spec, draw_batch):
    truth, prediction, _ = draw_batch(0, 120)
    results = []
    for order in (range(120), range(119, -1, -1)):
        metric = PairMetrics(spec)
        for row in order:
            metric.update(truth[row], prediction[row])
        results.append({name: values.tolist() for name, values in metric.compute().items()})
        assert all(isinstance(total, Fraction) for total in metric.sums["dice"])
    assert results[0] == results[1]
