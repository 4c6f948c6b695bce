"""PSI against its definition and its distribution, KS against SciPy."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from severstal.evaluation.shift import chance_psi, measure_shift, population_stability

SAMPLES = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=40).map(np.array)


def pictures(number, seed=0, moved=0.0):
    rng = np.random.default_rng(seed)
    columns = {name: rng.normal(50 + moved, 10, number) for name in ["brightness", "contrast", "level_5"]}
    return pd.DataFrame({"ImageId": [f"{seed}-{k}" for k in range(number)], **columns})


@settings(max_examples=100, deadline=None)
@given(SAMPLES, SAMPLES)
def test_psi_is_not_negative_and_zero_for_equal_samples(one, other):
    assert population_stability(one, other) >= 0
    assert population_stability(one, one) == pytest.approx(0)


def test_psi_is_what_its_definition_gives():
    train = np.arange(1000.0)
    test = np.concatenate([np.arange(0, 500.0), np.arange(0, 500.0)])  # its lower half, twice
    p = np.full(10, 100.5) / 1005
    q = (np.array([200] * 5 + [0] * 5) + 0.5) / 1005
    assert population_stability(train, test) == pytest.approx(np.sum((q - p) * np.log(q / p)))


def test_chance_exceeds_its_level_in_5_percent_of_cases():
    rng = np.random.default_rng(0)
    level = chance_psi(500, 300)
    assert level == pytest.approx(stats.chi2.ppf(0.95, 9) * (1 / 500 + 1 / 300), rel=1e-3)
    beyond = [population_stability(rng.normal(size=500), rng.normal(size=300)) > level for _ in range(400)]
    assert 0.02 < np.mean(beyond) < 0.08


def test_an_empty_sample_gives_nan():
    empty, some = np.array([]), np.array([1.0, 2.0])
    for pair in ((empty, some), (some, empty)):
        assert np.isnan(population_stability(*pair))


def test_the_table_puts_the_most_shifted_first():
    train, test = pictures(200), pictures(100, seed=1)
    test["contrast"] += 30
    table = measure_shift(train, test)
    assert table.index[0] == "contrast"
    assert set(table.index) == {"brightness", "contrast", "level_5"}
    assert table.loc["contrast", "test"] == test["contrast"].median()
    assert table["ks"].is_monotonic_decreasing
    known = stats.ks_2samp(train["contrast"], test["contrast"]).statistic
    assert table.loc["contrast", "ks"] == pytest.approx(known)


def test_without_test_pictures_all_measures_are_nan():
    table = measure_shift(pictures(20), pictures(0))
    assert table[["psi", "ks", "test"]].isna().all(axis=None)
