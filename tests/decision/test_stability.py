"""Stability: against a search of each resample."""

from dataclasses import replace

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.decision import stability as module
from severstal.decision.search import SearchSettings, search_rules
from severstal.decision.stability import stability
from severstal.evaluation.bootstrap import group_counts

SPEC = Spec("tiny", (4, 6), ("scratch", "hole"))
QUICK = SearchSettings(thresholds=(0.2, 0.35, 0.5, 0.65, 0.8))


@pytest.mark.parametrize("index", [0, 1])
def test_shares_are_those_of_landscapes_of_resamples(random_summary, index):
    summary = random_summary(index, 40)
    groups = np.arange(40) // 2
    search = search_rules(summary, QUICK).classes[index]
    # On the landscape's own minimum areas, so that those of the resamples are the same.
    search = replace(search, min_areas=search.landscape.grid.min_areas)
    found = stability(summary, index, search, groups, resamples=12, seed=3)
    grid, rule = search.landscape.grid, search.rule
    gate, low = grid.gates.index(rule.gate), grid.thresholds.index(rule.low)

    def around_rule(landscape):
        return np.stack([landscape.scores[gate, high, :, min(low, high)] for high in range(5)])

    assert found.scores == pytest.approx(around_rule(search.landscape), abs=1e-6)
    near = np.zeros(found.share.shape)
    for times in group_counts(groups, 12, 3):
        rows = np.repeat(np.arange(40), times)
        again = search_rules(summary.take(rows), QUICK).classes[index]
        scores = around_rule(again.landscape)
        near += scores >= scores.max() - module.NEAR_BEST - 1e-6
    assert found.share == pytest.approx(near / 12)


def test_the_fall_is_the_largest_loss_of_one_step():
    scores = np.array([[0.5, 0.9, 0.8], [0.4, 0.7, 0.9]])
    assert module._fall(scores) == pytest.approx(np.array([[0.1, 0.4, 0], [0, 0.3, 0.2]]))


def test_a_stable_rule_is_near_the_best_of_every_resample(random_summary):
    summary = random_summary(5, 60)
    search = search_rules(summary).classes[0]
    found = stability(summary, 0, search)
    assert found.share.shape == found.scores.shape == found.fall.shape == (51, len(found.min_areas))
    assert 0 < found.share.max() <= 1
    assert found.scores.max() >= search.scores_at_rule.max() - 1e-9
