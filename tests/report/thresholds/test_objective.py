"""Two objectives of the search."""

import numpy as np
import pytest

from severstal.competition.metric import pair_dice
from severstal.decision.crossfit import cross_fit
from severstal.decision.search import SearchSettings
from severstal.report.thresholds.objective import held_out_dice, objectives


def test_held_out_images_are_drawn_by_rules_that_did_not_see_them(searched):
    fitted = searched.fitted
    dice = held_out_dice(searched.summary, fitted, searched.folds)
    assert np.allclose(dice, pair_dice(fitted.intersection, fitted.predicted, fitted.true))


def test_both_are_judged_on_both_sets(searched):
    test_like = np.arange(80) % 5 == 0
    grid = searched.fitted.result.classes[0].landscape.grid
    settings = SearchSettings(grid.gates, grid.thresholds)
    weighted = cross_fit(searched.summary, searched.folds, settings, np.where(test_like, 5.0, 1.0))
    searches = {"alike": searched.fitted, "weighted": weighted}
    table = objectives(searched.summary, searches, searched.folds, test_like, searched.groups)
    assert table.columns.tolist() == ["all images", "most test-like images"]
    assert table.loc["images"].tolist() == ["80", "16"]
    assert table.loc["alike", "all images"].startswith(f"{searched.fitted.score.score:.4f} (")
    dice = [held_out_dice(searched.summary, each, searched.folds) for each in searches.values()]
    gain = (dice[1] - dice[0])[test_like].mean()
    assert float(table.loc["the second gains", "most test-like images"].split()[0]) == pytest.approx(
        gain, abs=1e-4
    )


def test_without_a_test_like_image_one_column_is_left(searched):
    searches = {"one": searched.fitted, "two": searched.fitted}
    none = np.zeros(80, bool)
    table = objectives(searched.summary, searches, searched.folds, none, searched.groups)
    assert table.columns.tolist() == ["all images"]
    assert table.loc["is that real?"].tolist() == ["not to be told from chance"]
