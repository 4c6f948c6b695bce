"""Bootstrap: against scipy, and against what groups must do to an interval."""

import numpy as np
import pytest
from scipy import stats

from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import group_counts, interval, paired


def test_intervals_are_scipys():
    dice = np.random.default_rng(0).beta(4, 1, (300, 1))
    found = interval(dice, np.arange(300), resamples=5000)
    other = stats.bootstrap((dice[:, 0],), np.mean, n_resamples=5000, method="percentile", rng=1)
    assert found.mean == pytest.approx(dice.mean())
    assert found.low == pytest.approx(other.confidence_interval.low, abs=0.002)
    assert found.high == pytest.approx(other.confidence_interval.high, abs=0.002)


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    held = 0
    for seed in range(200):
        found = interval(rng.random((80, 1)), np.arange(80), resamples=400, seed=seed)
        held += found.low <= 0.5 <= found.high
    assert 0.89 < held / 200 < 0.99


def test_copies_in_a_group_do_not_narrow_the_interval():
    dice = np.random.default_rng(2).random((100, 4))
    copies, groups = np.repeat(dice, 5, axis=0), np.repeat(np.arange(100), 5)
    alone, grouped = interval(dice, np.arange(100)), interval(copies, groups)
    assert (grouped.low, grouped.high) == pytest.approx((alone.low, alone.high))
    naive = interval(copies, np.arange(500))
    assert naive.high - naive.low < 0.6 * (alone.high - alone.low)


def test_groups_of_any_name_and_size():
    dice = np.array([[0.0], [0.0], [0.0], [1.0]])
    found = interval(dice, np.array([40, 40, 40, -1]), resamples=500)
    assert (found.low, found.high, found.mean) == (0, 1, 0.25)


def test_memory_is_bounded_without_changing_the_result(monkeypatch):
    from severstal.evaluation import bootstrap

    dice = np.random.default_rng(3).random((50, 2))
    whole = interval(dice, np.arange(50))
    monkeypatch.setattr(bootstrap, "_BLOCK", 999)
    parts = interval(dice, np.arange(50))
    assert (parts.low, parts.high) == pytest.approx((whole.low, whole.high), abs=0.01)


def test_a_pair_is_distinguished_where_two_intervals_overlap():
    rng = np.random.default_rng(4)
    one = rng.random((200, 4))
    other = one - rng.normal(0.01, 0.02, one.shape)
    groups = np.arange(200)
    found = paired(one, other, groups)
    assert interval(other, groups).high > interval(one, groups).low
    assert found.is_significant
    assert found.mean == pytest.approx((one - other).mean())
    assert found.low < found.mean < found.high
    assert found.probability > 0.99
    back = paired(other, one, groups)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))
    assert back.is_significant


def test_the_same_prediction_twice_is_no_difference():
    dice = np.random.default_rng(5).random((30, 2))
    found = paired(dice, dice, np.arange(30))
    assert (found.mean, found.low, found.high, found.probability, found.is_significant) == (
        0,
        0,
        0,
        0.5,
        False,
    )


def test_the_same_seed_gives_the_same_interval():
    dice = np.random.default_rng(6).random((30, 2))
    assert interval(dice, np.arange(30)) == interval(dice, np.arange(30))
    assert interval(dice, np.arange(30), seed=1) != interval(dice, np.arange(30))


def test_counts_of_groups():
    counts = group_counts(np.array([3, 1, 3, 8]), 400)
    assert (counts[:, 0] == counts[:, 2]).all()
    assert (counts[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert counts.mean(axis=0) == pytest.approx([1] * 4, abs=0.15)


def test_what_does_not_go_together():
    with pytest.raises(ValueError, match="compare the same pairs"):
        paired(np.ones((3, 2)), np.ones((3, 1)), np.arange(3))
    with pytest.raises(ValueError, match=r"give \(N, C\) and \(N,\)"):
        interval(np.ones((3, 2)), np.arange(4))
    with pytest.raises(SeverstalError, match="no image to resample"):
        interval(np.ones((0, 2)), np.arange(0))
