"""Two searches are compared on held-out images."""

import numpy as np
import pytest

from severstal.competition.metric import pair_dice
from severstal.decision.crossfit import cross_fit
from severstal.decision.objectives import compare_objectives, held_out_dice
from severstal.decision.search import SearchSettings


def test_held_out_images_are_scored_by_rules_searched_without_them(searched):
    fitted = searched.fitted
    dice = held_out_dice(searched.summary, fitted, searched.folds)
    assert np.allclose(dice, pair_dice(fitted.intersection, fitted.predicted, fitted.true))


def test_both_searches_are_scored_on_both_sets(searched):
    test_like = np.arange(80) % 5 == 0
    grid = searched.fitted.result.classes[0].landscape.grid
    settings = SearchSettings(grid.gates, grid.thresholds)
    weighted = cross_fit(searched.summary, searched.folds, settings, np.where(test_like, 5.0, 1.0))
    searches = {"alike": searched.fitted, "weighted": weighted}
    table = compare_objectives(searched.summary, searches, searched.folds, test_like, searched.groups)
    assert table.index.tolist() == ["all images", "most test-like images"]
    assert table["images"].tolist() == [80, 16]
    assert table.loc["all images", "alike"] == pytest.approx(searched.fitted.score.score)
    assert table.loc["all images", "all_empty"] == pytest.approx(searched.fitted.score.all_empty)
    dice = [held_out_dice(searched.summary, each, searched.folds) for each in searches.values()]
    gain = (dice[1] - dice[0])[test_like].mean()
    assert table.loc["most test-like images", "gain"] == pytest.approx(gain)
    for name in ("alike", "weighted", "gain"):
        assert (table[f"{name}_low"] <= table[name]).all()
        assert (table[name] <= table[f"{name}_high"]).all()


def test_without_test_like_images_one_row_is_left(searched):
    searches = {"one": searched.fitted, "two": searched.fitted}
    none = np.zeros(80, bool)
    table = compare_objectives(searched.summary, searches, searched.folds, none, searched.groups)
    assert table.index.tolist() == ["all images"]
    assert not table["significant"].any()
