"""What rules are worth is what bootstrapping the scores by hand says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from severstal.competition.metric import pair_dice
from severstal.decision.crossfit import CrossFit
from severstal.decision.objective import WeightedScore
from severstal.decision.rules import plain_rules
from severstal.decision.score import pair_areas, score_rules
from severstal.decision.summary import Summary
from severstal.report.scorecard.worth import judge_rules


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
    worth = judge_rules(summary, fitted, groups)
    assert worth.plain == score_rules(summary, plain_rules(summary.spec)).score
    assert worth.nothing == np.mean(summary.true == 0)
    assert (worth.cross_fitted, worth.searched) == (fitted.score.score, fitted.searched.score)
    assert worth.optimism == fitted.optimism
    dice = pair_dice(fitted.intersection, fitted.predicted, fitted.true)
    plain = pair_dice(*pair_areas(summary, plain_rules(summary.spec)))
    for gain, other in ((worth.over_plain, plain), (worth.over_nothing, summary.true == 0)):
        means = resampled(dice - other, groups)
        assert gain.mean == pytest.approx(dice.mean() - np.mean(other))
        assert [gain.low, gain.high] == pytest.approx(
            np.quantile(means, [0.025, 0.975]), abs=0.1 * means.std()
        )


def test_the_verdict_follows_the_interval(summary: Summary, fitted: CrossFit) -> None:
    worth = judge_rules(summary, fitted, np.arange(len(summary)))
    gain = worth.over_plain
    assert replace(worth, over_plain=replace(gain, mean=0.1, low=0.01, high=0.2)).verdict.endswith(
        "(95 % interval +0.0100 to +0.2000): the gain is real."
    )
    within = replace(worth, over_plain=replace(gain, mean=-0.1, low=-0.2, high=0.01)).verdict
    assert within.startswith("The search loses 0.1000 over plain 0.5")
    assert within.endswith("the loss is within chance, as the interval holds 0.")


def test_the_weighted_mean_is_kept(summary: Summary, fitted: CrossFit) -> None:
    weighted = WeightedScore(0.9, 0.8, 0.7)
    found = judge_rules(summary, replace(fitted, weighted=weighted), np.arange(len(summary)))
    assert found.weighted == weighted
