"""Plain, searched and cross-fitted rules have their marks."""

import pytest

from severstal.decision.gains import gains_over_all_empty
from severstal.report.thresholds.worth import search_gains


@pytest.fixture(scope="module")
def gains(searched):
    return gains_over_all_empty(searched.summary, searched.fitted, searched.groups)


def test_each_rule_has_its_score(searched, gains, readable):
    figure = search_gains(gains, searched.spec)
    readable(figure, ("gain",))
    drawn = gains[gains["class_id"] > 0].groupby("class_id")["gain"].agg(lambda gain: gain.abs().max() > 0)
    assert len(figure.axes) == 1 + drawn.sum()
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert shown == [f"{score:.4f}" for score in gains.loc[gains["class_id"] == 0, "score"]]


def test_any_data_set(any_set, readable):
    gains = gains_over_all_empty(any_set.summary, any_set.fitted, any_set.groups)
    readable(search_gains(gains, any_set.spec))
