"""PSI and KS against SciPy and against what the literature says of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from severstal.report import eda
from severstal.report.eda.shift import CHANCE, SHOWN, kolmogorov_smirnov, population_stability

SAMPLES = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=40).map(np.array)


def pictures(number, seed=0, moved=0.0):
    rng = np.random.default_rng(seed)
    columns = {name: rng.normal(50 + moved, 10, number) for name in [*SHOWN, "level_5"]}
    return pd.DataFrame({"ImageId": [f"{seed}-{k}" for k in range(number)], **columns})


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of its p value, which nobody asked for
@settings(max_examples=100, deadline=None)
@given(SAMPLES, SAMPLES)
def test_ks_is_scipys(one, other):
    assert kolmogorov_smirnov(one, other) == pytest.approx(
        stats.ks_2samp(one, other, method="asymp").statistic
    )


@settings(max_examples=100, deadline=None)
@given(SAMPLES, SAMPLES)
def test_psi_is_never_negative_and_zero_of_the_same(one, other):
    assert population_stability(one, other) >= 0
    assert population_stability(one, one) == pytest.approx(0)


def test_psi_is_what_its_definition_gives():
    train = np.arange(1000.0)
    test = np.concatenate([np.arange(0, 500.0), np.arange(0, 500.0)])  # its lower half, twice
    p = np.full(10, 100.5) / 1005
    q = (np.array([200] * 5 + [0] * 5) + 0.5) / 1005
    assert population_stability(train, test) == pytest.approx(np.sum((q - p) * np.log(q / p)))


def test_chance_exceeds_its_level_one_time_in_twenty():
    assert stats.chi2.ppf(0.95, 9) == pytest.approx(CHANCE, abs=0.005)
    rng = np.random.default_rng(0)
    level = CHANCE * (1 / 500 + 1 / 300)
    beyond = [population_stability(rng.normal(size=500), rng.normal(size=300)) > level for _ in range(400)]
    assert 0.02 < np.mean(beyond) < 0.08


def test_nothing_to_compare_is_no_number():
    empty, some = np.array([]), np.array([1.0, 2.0])
    for pair in ((empty, some), (some, empty)):
        assert np.isnan(population_stability(*pair))
        assert np.isnan(kolmogorov_smirnov(*pair))


def test_the_table_puts_the_most_shifted_first():
    train, test = pictures(200), pictures(100, seed=1)
    test["contrast"] += 30
    table = eda.shift_table(train, test)
    assert table.index[0] == "contrast"
    assert set(table.index) == {*SHOWN, "level_5"}
    assert table.loc["contrast", "test"] == test["contrast"].median()
    assert table["ks"].is_monotonic_decreasing


def test_feature_shift(readable):
    figure = eda.feature_shift(pictures(400), pictures(300, seed=1, moved=8))
    readable(figure, ("pictures (%)",))
    assert len(figure.axes) == len(SHOWN)
    for axes in figure.axes:
        assert "large shift" in axes.get_title(loc="left")
        for sample in axes.patches:
            heights, *_ = sample.get_data()
            assert heights.sum() == pytest.approx(100)  # none falls out of the range


def test_few_pictures_may_be_chance(readable):
    figure = eda.feature_shift(pictures(20), pictures(5, seed=1))
    readable(figure)
    assert any("may be chance" in axes.get_title(loc="left") for axes in figure.axes)
    assert "One time in twenty" in figure.texts[1].get_text()


def test_without_test_pictures(readable):
    figure = eda.feature_shift(pictures(20), pictures(0))
    readable(figure)
    assert all("nothing to compare" in axes.get_title(loc="left") for axes in figure.axes)
    assert eda.shift_table(pictures(20), pictures(0))["psi"].isna().all()


def test_a_constant_feature_has_a_place(readable):
    train = pictures(30).assign(black=0.0)
    figure = eda.feature_shift(train, train)
    readable(figure)
    assert "PSI 0.00: no shift" in figure.axes[2].get_title(loc="left")
