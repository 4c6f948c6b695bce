"""Sections through a landscape."""

from dataclasses import replace

import numpy as np
import pytest

from severstal.decision.rules import Rules
from severstal.decision.score import score_rules
from severstal.report.thresholds.slices import slices


def with_rule(searched, index, **changes):
    rules = searched.fitted.result.rules.rules
    changed = (*rules[:index], replace(rules[index], **changes), *rules[index + 1 :])
    return score_rules(searched.summary, Rules(searched.spec.classes, changed)).classes[index]


@pytest.mark.parametrize("seed", range(8))
def test_every_cell_is_what_its_rule_scores(searched, seed):
    rng, rule = np.random.default_rng(seed), searched.fitted.result.rules.rules[0]
    cut = slices(searched.summary, searched.fitted.result, 0)
    row, column = rng.integers(len(cut.thresholds)), rng.integers(len(cut.min_areas))
    high, area = cut.thresholds[row].item(), int(cut.min_areas[column])
    scored = with_rule(searched, 0, high=high, low=min(high, rule.low), min_area=area)
    assert cut.by_area[row, column] == pytest.approx(scored.score - scored.all_empty, abs=1e-6)
    other = rng.integers(row + 1)
    area = int(cut.min_areas[np.abs(cut.min_areas - rule.min_area).argmin()])
    scored = with_rule(searched, 0, high=high, low=cut.thresholds[other].item(), min_area=area)
    assert cut.by_low[row, other] == pytest.approx(scored.score - scored.all_empty, abs=1e-6)


def test_low_is_never_above_high(searched):
    cut = slices(searched.summary, searched.fitted.result, 0)
    size = len(cut.thresholds)
    assert np.isnan(cut.by_low[np.triu_indices(size, 1)]).all()
    assert np.isfinite(cut.by_low[np.tril_indices(size)]).all()


def test_noise_is_the_standard_error_of_the_gain(searched):
    result = searched.fitted.result
    cut = slices(searched.summary, result, 0)
    gain = result.found.classes[0].score - result.found.classes[0].all_empty
    assert cut.best >= gain - 1e-9
    rng = np.random.default_rng(0)
    means = []
    for _ in range(400):
        drawn = searched.summary.take(rng.integers(0, 80, 80))
        scored = score_rules(drawn, result.rules).classes[0]
        means.append(scored.score - scored.all_empty)
    assert cut.noise == pytest.approx(np.std(means), rel=0.15)


def test_a_class_that_is_never_drawn_shows_where_it_would_best_be(searched):
    cut = slices(searched.summary, searched.fitted.result, 2)
    assert cut.noise == 0
    assert cut.best < 0
    assert np.nanmax(cut.by_area) <= max(cut.best, 0) + 1e-6
