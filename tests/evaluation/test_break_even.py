"""At break-even a mask and an empty pair have the same expected score."""

import pytest

from severstal.evaluation.break_even import break_even


@pytest.mark.parametrize("dice", [0.0, 0.3, 0.65, 1.0])
def test_expected_scores_are_equal_at_break_even(dice):
    probability = break_even(dice)
    assert probability * dice == pytest.approx(1 - probability)
