"""A scorecard's figures are those of the metric, of brute force and of scipy."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap

from severstal.competition.metric import score_pairs
from severstal.competition.scored import ScoredPairs
from severstal.decision.crossfit import CrossFit
from severstal.decision.summary import Summary
from severstal.errors import SeverstalError
from severstal.report.scorecard import Scorecard, crossfit_scorecard, make_scorecard


def test_intervals_are_those_of_scipy(random_pairs) -> None:
    pairs = random_pairs(0, 80)
    card = make_scorecard(pairs, "t")
    spans = [(card.interval, pairs.dice.mean(axis=1)), *zip(card.class_intervals, pairs.dice.T, strict=True)]
    for span, values in spans:
        theirs = bootstrap(
            (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
        )
        ends = theirs.confidence_interval
        assert span.mean == pytest.approx(values.mean())
        assert [span.low, span.high] == pytest.approx(ends, abs=0.15 * theirs.standard_error)


def test_intervals_hold_the_true_score_as_often_as_they_say(random_pairs) -> None:
    everyone = random_pairs(1, 4000)
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(200):
        part = everyone.take(rng.integers(0, len(everyone), 60))
        part = ScoredPairs(
            tuple(map(str, range(60))), part.spec, part.intersection, part.predicted, part.true
        )
        card = make_scorecard(part, "t")
        held += card.interval.low <= everyone.score.score <= card.interval.high
    assert 178 <= held <= 199  # 190 to be expected, with a standard deviation of 3


def test_twins_widen_the_interval(random_pairs) -> None:
    pairs = random_pairs(3, 100)
    twice = pairs.take(np.repeat(np.arange(100), 2))
    names = tuple(map(str, range(200)))
    areas = (twice.intersection, twice.predicted, twice.true)
    alone = make_scorecard(ScoredPairs(names, pairs.spec, *areas), "t")
    groups = np.repeat(np.arange(100), 2)
    together = make_scorecard(ScoredPairs(names, pairs.spec, *areas, groups), "t")
    wide = (together.interval.high - together.interval.low) / (alone.interval.high - alone.interval.low)
    assert wide == pytest.approx(np.sqrt(2), rel=0.1)
    assert (alone.resampled, together.resampled) == ("200 images", "100 groups of images")
    assert any("every image for itself" in note for note in alone.notes)
    assert not any("every image for itself" in note for note in together.notes)


def test_a_runs_card_scores_the_images_as_they_were_held_out(
    judged: tuple[ScoredPairs, Scorecard], summary: Summary, fitted: CrossFit, folds: pd.DataFrame
) -> None:
    pairs, card = judged
    assert card.score == fitted.score == score_pairs(*pairs_areas(pairs), summary.spec)
    assert pairs.images == summary.names
    by_name = folds.set_index("ImageId")
    assert pairs.groups.tolist() == [by_name.loc[name, "group"] for name in summary.names]
    assert pairs.folds.tolist() == [by_name.loc[name, "fold"] for name in summary.names]
    like = np.array([bool(by_name.loc[name, "test_like"]) for name in summary.names])
    assert card.test_like is not None
    assert card.test_like.images == like.sum() == 24
    assert card.test_like.score.score == pytest.approx(pairs.dice[like].mean())
    assert card.test_like.interval.low <= card.test_like.score.score <= card.test_like.interval.high
    assert card.worth is not None
    assert card.worth.cross_fitted == card.score.score
    assert card.calibration is not None
    assert card.units == folds["group"].nunique() - 1
    assert 1 - card.budget.whole.total == pytest.approx(card.score.score, abs=1e-13)
    assert set(fitted.notes) <= set(card.notes)


def pairs_areas(pairs: ScoredPairs) -> tuple[np.ndarray, ...]:
    return pairs.intersection, pairs.predicted, pairs.true


def test_the_file_holds_everything_and_no_nan(card: Scorecard) -> None:
    value = json.loads(json.dumps(card.to_dict(), allow_nan=False))
    for name, figure in card.score.to_dict().items():
        if name != "classes":
            assert value[name] == figure
    assert value["interval"] == [card.interval.low, card.interval.high]
    assert value["budget"]["total"] == pytest.approx(1 - value["score"])
    parts = ("missed", "alarms", "outlines")
    assert sum(value["budget"][part] for part in parts) == pytest.approx(1 - value["score"], abs=1e-13)
    assert sum(part["budget"]["total"] for part in value["classes"]) == pytest.approx(1 - value["score"])
    assert len(value["classes"][2]["calibration"]["pairs"]) == 10
    assert None in value["classes"][2]["calibration"]["said"]  # an empty bin
    assert value["rules"]["over_plain"].keys() == {"mean", "low", "high", "probability"}
    assert value["rules"]["optimism"] == card.worth.optimism
    assert value["test_like"]["images"] == 24
    assert value["notes"] == list(card.notes)


def test_without_probabilities_calibration_is_left_out_and_said_so(random_pairs) -> None:
    card = make_scorecard(random_pairs(0, 9), "t")
    value = json.loads(json.dumps(card.to_dict(), allow_nan=False))
    assert value["calibration"] is value["rules"] is value["test_like"] is None
    assert "calibration" not in value["classes"][0]
    assert value["classes"][0]["expected"] is None
    assert any("calibration and expected counts are left out" in note for note in card.notes)


def test_a_class_that_is_never_there_has_null_for_its_shares(random_pairs) -> None:
    pairs = random_pairs(0, 9)
    empty = np.zeros_like(pairs.true)
    card = make_scorecard(ScoredPairs(pairs.images, pairs.spec, empty, pairs.predicted, empty), "t")
    never = json.loads(json.dumps(card.to_dict(), allow_nan=False))["classes"][2]
    assert (never["defects"], never["defects_found"], never["dice_on_defects"]) == (0, None, None)


def test_where_no_image_is_like_the_test_set_there_is_no_yardstick(random_pairs) -> None:
    assert make_scorecard(random_pairs(0, 9), "t", test_like=np.zeros(9, bool)).test_like is None


def test_no_image_and_an_image_without_a_fold_are_one_line(
    random_pairs, summary: Summary, fitted: CrossFit, folds: pd.DataFrame
) -> None:
    with pytest.raises(SeverstalError, match="my csv: no image to score"):
        make_scorecard(random_pairs(0, 0), "my csv")
    with pytest.raises(SeverstalError, match=r"image 000.jpg is in no fold \(1 in all\)"):
        crossfit_scorecard(summary, fitted, folds[folds["ImageId"] != "000.jpg"], "t")
