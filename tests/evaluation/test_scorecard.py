"""Intervals agree with scipy and cover as claimed; the dictionary is valid JSON."""

import json

import numpy as np
import pytest
from scipy.stats import bootstrap

from severstal.competition.scored import ScoredPairs
from severstal.errors import SeverstalError
from severstal.evaluation.scorecard import Scorecard, build_scorecard


def test_intervals_are_those_of_scipy(random_pairs) -> None:
    pairs = random_pairs(0, 80)
    card = build_scorecard(pairs, "t")
    spans = [(card.interval, pairs.dice.mean(axis=1)), *zip(card.class_intervals, pairs.dice.T, strict=True)]
    for span, values in spans:
        theirs = bootstrap(
            (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
        )
        ends = theirs.confidence_interval
        assert span.mean == pytest.approx(values.mean())
        assert [span.low, span.high] == pytest.approx(ends, abs=0.15 * theirs.standard_error)


def test_intervals_cover_the_true_score_in_95_percent_of_samples(random_pairs) -> None:
    everyone = random_pairs(1, 4000)
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(200):
        part = everyone.take(rng.integers(0, len(everyone), 60))
        part = ScoredPairs(
            tuple(map(str, range(60))), part.spec, part.intersection, part.predicted, part.true
        )
        card = build_scorecard(part, "t")
        held += card.interval.low <= everyone.score.score <= card.interval.high
    assert 178 <= held <= 199  # 190 to be expected, with a standard deviation of 3


def test_grouped_duplicates_widen_the_interval(random_pairs) -> None:
    pairs = random_pairs(3, 100)
    twice = pairs.take(np.repeat(np.arange(100), 2))
    names = tuple(map(str, range(200)))
    areas = (twice.intersection, twice.predicted, twice.true)
    alone = build_scorecard(ScoredPairs(names, pairs.spec, *areas), "t")
    groups = np.repeat(np.arange(100), 2)
    together = build_scorecard(ScoredPairs(names, pairs.spec, *areas, groups), "t")
    wide = (together.interval.high - together.interval.low) / (alone.interval.high - alone.interval.low)
    assert wide == pytest.approx(np.sqrt(2), rel=0.1)
    assert (alone.resampled, together.resampled) == ("200 images", "100 groups of images")
    assert any("all images as independent" in note for note in alone.notes)
    assert not any("all images as independent" in note for note in together.notes)


def test_the_dictionary_is_complete_and_has_no_nan(card: Scorecard) -> None:
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
    assert None in value["classes"][2]["calibration"]["predicted"]  # an empty bin
    assert value["rules"]["over_plain"].keys() == {"mean", "low", "high", "probability"}
    assert value["rules"]["optimism"] == card.rules.optimism
    assert value["test_like"]["images"] == 24
    assert value["notes"] == list(card.notes)


def test_without_class_probabilities_calibration_is_left_out_with_a_note(random_pairs) -> None:
    card = build_scorecard(random_pairs(0, 9), "t")
    value = json.loads(json.dumps(card.to_dict(), allow_nan=False))
    assert value["calibration"] is value["rules"] is value["test_like"] is None
    assert "calibration" not in value["classes"][0]
    assert value["classes"][0]["expected"] is None
    assert any("calibration and expected counts are left out" in note for note in card.notes)


def test_shares_of_an_absent_class_are_null(random_pairs) -> None:
    pairs = random_pairs(0, 9)
    empty = np.zeros_like(pairs.true)
    card = build_scorecard(ScoredPairs(pairs.images, pairs.spec, empty, pairs.predicted, empty), "t")
    never = json.loads(json.dumps(card.to_dict(), allow_nan=False))["classes"][2]
    assert (never["defects"], never["defects_found"], never["dice_on_defects"]) == (0, None, None)


def test_no_subset_score_without_test_like_images(random_pairs) -> None:
    assert build_scorecard(random_pairs(0, 9), "t", test_like=np.zeros(9, bool)).test_like is None


def test_no_image_is_refused(random_pairs) -> None:
    with pytest.raises(SeverstalError, match="my csv: no image to score"):
        build_scorecard(random_pairs(0, 0), "my csv")
