"""Weights are t statistics, and their certainty that of a normal deviate."""

import numpy as np
import pytest
from scipy import stats

from severstal.doctor.significance import CERTAIN, SUSPECT, Significance, measure_significance


def test_sigma_is_the_t_statistic_of_many_gains() -> None:
    gains = np.random.default_rng(0).normal(0.2, 1, 2000)
    assert measure_significance(gains).sigma == pytest.approx(stats.ttest_1samp(gains, 0).statistic, rel=1e-3)


def test_certainty_is_that_of_a_normal_deviate() -> None:
    assert Significance(5.5, 1, 9).certainty == pytest.approx(stats.norm.cdf(5.5))
    assert Significance(SUSPECT - 0.01, 1, 9).certainty == 0
    assert Significance(CERTAIN, 1, 9).certainty == 1


def test_little_says_nothing() -> None:
    assert (
        measure_significance(np.array([])).certainty == measure_significance(np.array([9.0])).certainty == 0
    )
    assert measure_significance(np.full(24, 0.5)).certainty == 0
    assert measure_significance(np.full(30, 0.5)).certainty > 0.999
    assert measure_significance(np.zeros(1000)).sigma == 0


def test_chance_is_never_suspect() -> None:
    random = np.random.default_rng(0)
    assert not any(measure_significance(random.standard_t(4, 50)).certainty for _ in range(2000))
