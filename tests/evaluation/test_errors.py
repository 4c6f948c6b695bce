"""Counts and lost points add up to the score; the selection holds the worst of each class."""

import pytest

from severstal.evaluation.errors import ERROR_KINDS, SEEN_DICE, error_counts, select_worst


def test_lost_points_add_up_to_what_the_score_lacks(predicted):
    score = predicted.pairs.score
    assert 1 - predicted.errors["lost"].sum() == pytest.approx(score.score)
    counted = error_counts(predicted.errors, predicted.spec)
    assert counted.iloc[:-1].sum().to_numpy() == pytest.approx(counted.loc["all"].to_numpy())
    assert counted.loc["all", "defects"] == len(predicted.labelled.table)
    assert counted.loc["all"].filter(like="lost").sum() == pytest.approx(1 - score.score)
    missed = predicted.errors[predicted.errors["kind"] == "missed"]
    assert counted.loc["all", "missed"] == len(missed)
    assert counted.loc["all", "seen"] == (missed["best"] >= SEEN_DICE).sum()


@pytest.mark.parametrize("kind", ERROR_KINDS)
@pytest.mark.parametrize("most", [1, 8])
def test_the_worst_of_each_class_are_selected(predicted, kind, most):
    own = predicted.errors[predicted.errors["kind"] == kind]
    chosen = select_worst(predicted.errors, kind, predicted.spec, most)
    assert set(chosen.index) <= set(own.index)
    assert chosen["ClassId"].is_monotonic_increasing
    assert len(chosen) <= max(most, 1)
    assert len(chosen) >= min(most, own["ClassId"].nunique())
    by, sign = {"missed": ("true", -1), "false alarm": ("probability", -1), "outline": ("dice", 1)}[kind]
    for class_id, shown in chosen.groupby("ClassId"):
        left = own[(own["ClassId"] == class_id) & ~own.index.isin(shown.index)]
        assert (sign * shown[by]).is_monotonic_increasing
        if len(left):
            assert (sign * shown[by]).max() <= (sign * left[by]).min()
