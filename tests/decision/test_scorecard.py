"""The scorecard of rules agrees with an independent bootstrap of the scores."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from severstal.competition.metric import pair_dice, score_pairs
from severstal.competition.scored import ScoredPairs
from severstal.decision.crossfit import CrossFit
from severstal.decision.rules import plain_rules
from severstal.decision.score import pair_areas, score_rules
from severstal.decision.scorecard import compare_with_baselines, crossfit_scorecard
from severstal.decision.summary import Summary
from severstal.errors import SeverstalError
from severstal.evaluation.rule_scores import WeightedScore
from severstal.evaluation.scorecard import Scorecard


def resampled(difference: np.ndarray, groups: np.ndarray, resamples: int = 3000) -> np.ndarray:
    """Means of (N, C) differences, drawing groups one by one."""
    rng = np.random.default_rng(9)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    means = []
    for _ in range(resamples):
        rows = np.concatenate([members[k] for k in rng.integers(0, len(members), len(members))])
        means.append(difference[rows].mean())
    return np.array(means)


def test_gains_are_those_of_a_bootstrap_by_hand(
    summary: Summary, fitted: CrossFit, folds: pd.DataFrame
) -> None:
    groups = folds.set_index("ImageId").loc[list(summary.names), "group"].to_numpy()
    scores = compare_with_baselines(summary, fitted, groups)
    assert scores.plain == score_rules(summary, plain_rules(summary.spec)).score
    assert scores.all_empty == np.mean(summary.true == 0)
    assert (scores.cross_fitted, scores.searched) == (fitted.score.score, fitted.searched.score)
    assert scores.optimism == fitted.optimism
    dice = pair_dice(fitted.intersection, fitted.predicted, fitted.true)
    plain = pair_dice(*pair_areas(summary, plain_rules(summary.spec)))
    for gain, other in ((scores.over_plain, plain), (scores.over_all_empty, summary.true == 0)):
        means = resampled(dice - other, groups)
        assert gain.mean == pytest.approx(dice.mean() - np.mean(other))
        assert [gain.low, gain.high] == pytest.approx(
            np.quantile(means, [0.025, 0.975]), abs=0.1 * means.std()
        )


def test_the_verdict_follows_the_interval(summary: Summary, fitted: CrossFit) -> None:
    scores = compare_with_baselines(summary, fitted, np.arange(len(summary)))
    gain = scores.over_plain
    assert replace(scores, over_plain=replace(gain, mean=0.1, low=0.01, high=0.2)).verdict.endswith(
        "(95 % interval +0.0100 to +0.2000): significant."
    )
    within = replace(scores, over_plain=replace(gain, mean=-0.1, low=-0.2, high=0.01)).verdict
    assert within.startswith("The search loses 0.1000 over plain 0.5")
    assert within.endswith("not significant, the interval contains 0.")


def test_the_weighted_mean_is_kept(summary: Summary, fitted: CrossFit) -> None:
    weighted = WeightedScore(0.9, 0.8, 0.7)
    found = compare_with_baselines(summary, replace(fitted, weighted=weighted), np.arange(len(summary)))
    assert found.weighted == weighted


def test_the_card_scores_each_image_with_the_rules_of_its_fold(
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
    assert card.rules is not None
    assert card.rules.cross_fitted == card.score.score
    assert card.calibration is not None
    assert card.units == folds["group"].nunique() - 1
    assert 1 - card.budget.whole.total == pytest.approx(card.score.score, abs=1e-13)
    assert set(fitted.notes) <= set(card.notes)


def pairs_areas(pairs: ScoredPairs) -> tuple[np.ndarray, ...]:
    return pairs.intersection, pairs.predicted, pairs.true


def test_an_image_without_a_fold_is_refused(summary: Summary, fitted: CrossFit, folds: pd.DataFrame) -> None:
    with pytest.raises(SeverstalError, match=r"image 000.jpg is in no fold \(1 in all\)"):
        crossfit_scorecard(summary, fitted, folds[folds["ImageId"] != "000.jpg"], "t")
