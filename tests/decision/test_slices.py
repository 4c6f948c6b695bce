"""Every cell of a slice is the score of its rule."""

from dataclasses import replace

import numpy as np
import pytest

from severstal.decision.rules import Rules
from severstal.decision.score import score_rules
from severstal.decision.slices import slice_landscape


def with_rule(searched, index, **changes):
    rules = searched.fitted.result.rules.rules
    changed = (*rules[:index], replace(rules[index], **changes), *rules[index + 1 :])
    return score_rules(searched.summary, Rules(searched.spec.classes, changed)).classes[index]


@pytest.mark.parametrize("seed", range(8))
def test_every_cell_is_what_its_rule_scores(searched, seed):
    rng, rule = np.random.default_rng(seed), searched.fitted.result.rules.rules[0]
    found = slice_landscape(searched.summary, searched.fitted.result, 0)
    row, column = rng.integers(len(found.thresholds)), rng.integers(len(found.min_areas))
    high, area = found.thresholds[row].item(), int(found.min_areas[column])
    scored = with_rule(searched, 0, high=high, low=min(high, rule.low), min_area=area)
    assert found.by_area[row, column] == pytest.approx(scored.score - scored.all_empty, abs=1e-6)
    other = rng.integers(row + 1)
    area = int(found.min_areas[np.abs(found.min_areas - rule.min_area).argmin()])
    scored = with_rule(searched, 0, high=high, low=found.thresholds[other].item(), min_area=area)
    assert found.by_low[row, other] == pytest.approx(scored.score - scored.all_empty, abs=1e-6)


def test_low_is_never_above_high(searched):
    found = slice_landscape(searched.summary, searched.fitted.result, 0)
    size = len(found.thresholds)
    assert np.isnan(found.by_low[np.triu_indices(size, 1)]).all()
    assert np.isfinite(found.by_low[np.tril_indices(size)]).all()


def test_noise_is_the_standard_error_of_the_gain(searched):
    result = searched.fitted.result
    found = slice_landscape(searched.summary, result, 0)
    gain = result.found.classes[0].score - result.found.classes[0].all_empty
    assert found.best >= gain - 1e-9
    rng = np.random.default_rng(0)
    means = []
    for _ in range(400):
        drawn = searched.summary.take(rng.integers(0, 80, 80))
        scored = score_rules(drawn, result.rules).classes[0]
        means.append(scored.score - scored.all_empty)
    assert found.noise == pytest.approx(np.std(means), rel=0.15)


def test_a_class_that_is_never_drawn_is_sliced_at_its_best_rule(searched):
    found = slice_landscape(searched.summary, searched.fitted.result, 2)
    assert found.noise == 0
    assert found.best < 0
    assert np.nanmax(found.by_area) <= max(found.best, 0) + 1e-6
