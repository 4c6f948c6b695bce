"""Scores are those of the search; gains lie inside their intervals."""

import numpy as np
import pytest

from severstal.decision.gains import gains_over_all_empty


@pytest.fixture(scope="module")
def gains(searched):
    return gains_over_all_empty(searched.summary, searched.fitted, searched.groups)


def test_scores_are_those_of_the_search(searched, gains):
    scores = gains.set_index(["rules", "class_id"])["score"]
    for name, score in (
        ("plain", searched.fitted.plain),
        ("searched", searched.fitted.searched),
        ("cross_fitted", searched.fitted.score),
    ):
        assert scores[name, 0] == pytest.approx(score.score)
        assert [scores[name, k] for k in searched.spec.class_ids] == pytest.approx(
            [part.score for part in score.classes]
        )
    assert np.allclose(gains["score"] - gains["all_empty"], gains["gain"])
    assert (gains["low"] <= gains["gain"] + 1e-12).all()
    assert (gains["gain"] <= gains["high"] + 1e-12).all()
