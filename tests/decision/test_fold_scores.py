"""The score of a fold is that of its images."""

import numpy as np
import pytest

from severstal.competition.metric import pair_dice, score_pairs
from severstal.competition.spec import Spec
from severstal.decision.crossfit import CrossFit
from severstal.decision.fold_scores import score_folds


def test_each_fold_is_scored_on_its_own_images():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, (40, 2)) * 10
    predicted = np.where(rng.random((40, 2)) < 0.7, true, 5)
    inside = np.minimum(true, predicted)
    score = score_pairs(inside, predicted, true, Spec("made", (6, 10), ("hole", "crack")))
    fitted = CrossFit({}, inside, predicted, true, score, score, score, None, None, [])
    folds = np.arange(40) % 4
    table = score_folds(fitted, folds, np.arange(40))
    assert table["weight"].tolist() == [0.25] * 4
    assert table["images"].tolist() == [10] * 4
    assert table.loc[2, "score"] == pytest.approx(pair_dice(inside, predicted, true)[folds == 2].mean())
    assert table.loc[2, "all_empty"] == (true[folds == 2] == 0).mean()
    assert (table["low"] <= table["score"]).all()
    assert (table["score"] <= table["high"]).all()
