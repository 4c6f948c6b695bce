"""Plain, searched and cross-fitted rules."""

import numpy as np
import pytest

from severstal.report.thresholds.worth import search_gains, search_worth


@pytest.fixture(scope="module")
def worth(searched):
    return search_worth(searched.summary, searched.fitted, searched.groups)


def test_scores_are_those_of_the_search(searched, worth):
    scores = worth.set_index(["rules", "class_id"])["score"]
    for name, score in (
        ("plain", searched.fitted.plain),
        ("searched", searched.fitted.searched),
        ("cross_fitted", searched.fitted.score),
    ):
        assert scores[name, 0] == pytest.approx(score.score)
        assert [scores[name, k] for k in searched.spec.class_ids] == pytest.approx(
            [part.score for part in score.classes]
        )
    assert np.allclose(worth["score"] - worth["nothing"], worth["gain"])
    assert (worth["low"] <= worth["gain"] + 1e-12).all()
    assert (worth["gain"] <= worth["high"] + 1e-12).all()


def test_the_picture(searched, worth, readable):
    figure = search_gains(worth, searched.spec)
    readable(figure, ("above nothing",))
    assert len(figure.axes) == 4
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert shown == [f"{score:.4f}" for score in worth.loc[worth["class_id"] == 0, "score"]]


def test_any_data_set(any_set, readable):
    worth = search_worth(any_set.summary, any_set.fitted, any_set.groups)
    readable(search_gains(worth, any_set.spec))
