"""Rates by group agree with a count, their intervals with scipy."""

import numpy as np
import pytest
from scipy.stats import binomtest

from severstal.evaluation.error_rates import error_rates, wilson_interval


@pytest.mark.parametrize(("hits", "number"), [(0, 1), (1, 1), (0, 30), (7, 9), (300, 1000)])
def test_the_interval_is_that_of_scipy(hits, number):
    known = binomtest(hits, number).proportion_ci(method="wilson")
    assert wilson_interval(hits, number) == pytest.approx((known.low, known.high), abs=1e-6)


def test_no_case_has_no_interval():
    assert np.isnan(wilson_interval(0, 0)).all()


def test_rates_are_those_of_a_count(predicted):
    errors, rates = predicted.errors, error_rates(predicted.errors)
    defect, drawn = errors["true"] > 0, errors["predicted"] > 0
    whole = rates.iloc[0]
    assert whole["detection"] == pytest.approx(drawn[defect].mean())
    assert whole["dice"] == pytest.approx(errors.loc[defect, "dice"].mean())
    assert whole["alarms"] == pytest.approx(drawn[~defect].mean())
    for condition, own in rates.groupby("condition"):
        assert own["defects"].sum() == defect.sum(), condition
        assert own["empty"].sum() in (0, (~defect).sum()), condition
        found = (own["detection"] * own["defects"]).sum()
        assert found == pytest.approx((defect & drawn).sum()), condition
    left = rates[rates["group"] == "left third"].iloc[0]
    here = defect & (errors["x"] < 1 / 3)
    assert left["detection"] == pytest.approx(drawn[here].mean())
    yes = rates[(rates["group"] == "yes")]
    assert yes["defects"].sum() == (defect & errors["edge"]).sum()
    known = rates[rates["defects"] > 0]
    for name in ("detection", "dice"):
        assert (known[f"{name}_low"] <= known[name] + 1e-9).all()
        assert (known[f"{name}_high"] >= known[name] - 1e-9).all()


def test_equal_values_are_one_group_and_distinct_ones_are_shared_out(predicted):
    errors = predicted.errors.assign(brightness=90.0)
    alike = error_rates(errors)
    alike = alike[alike["condition"] == "brightness of the steel"]
    assert alike["group"].tolist() == ["90 to 90"]
    assert alike["defects"].tolist() == [(errors["true"] > 0).sum()]
    two = error_rates(errors.assign(brightness=np.arange(len(errors)) % 2 * 10.0))
    two = two[two["condition"] == "brightness of the steel"]
    assert two["group"].tolist() == ["0 to 5", "5 to 10"]
    halves = [(errors["true"].to_numpy()[half::2] > 0).sum() for half in (0, 1)]
    assert two["defects"].tolist() == halves


def test_only_groups_with_a_pair_are_listed(predicted):
    rates = error_rates(predicted.errors)
    assert (rates["defects"] + rates["empty"] > 0).all()
    errors = predicted.errors.assign(edge=False, x=0.9, black=0.0)
    found = error_rates(errors)
    left = found[found["condition"] != "area of the defect (px)"]["group"]
    assert {"left third", "middle third", "yes"}.isdisjoint(left)
    assert "right third" in set(left)
    nothing = error_rates(errors.iloc[:0])
    assert nothing[["condition", "defects", "empty"]].to_numpy().tolist() == [["all pairs", 0, 0]]
