"""Reliability and Brier score are those of scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from severstal.evaluation.reliability import Reliability, measure_reliability

PAIRS = st.tuples(st.integers(1, 40), st.integers(1, 3)).flatmap(
    lambda shape: st.tuples(arrays(np.uint8, shape), arrays(np.bool_, shape))
)


def check(part: Reliability, probability: np.ndarray, present: np.ndarray) -> None:
    share, mean = calibration_curve(present, probability, n_bins=10)
    filled = part.pairs > 0
    np.testing.assert_allclose(part.observed[filled], share, atol=1e-12)
    np.testing.assert_allclose(part.predicted[filled], mean, atol=1e-12)
    assert np.isnan(part.predicted[~filled]).all()
    assert np.isnan(part.observed[~filled]).all()
    assert part.pairs.sum() == len(probability)
    assert part.brier == pytest.approx(brier_score_loss(present, probability, pos_label=True))
    apart = (part.pairs[filled] * np.abs(share - mean)).sum() / len(probability)
    assert part.error == pytest.approx(apart, abs=1e-12)


@pytest.mark.filterwarnings("ignore:.*single label")
@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_bins_error_and_brier_are_those_of_scikit_learn(drawn) -> None:
    probability, present = drawn
    found = measure_reliability(probability, present)
    check(found.whole, probability.ravel() / 255, present.ravel())
    for index, part in enumerate(found.classes):
        check(part, probability[:, index] / 255, present[:, index])


def test_calibrated_probabilities_have_no_error() -> None:
    rng = np.random.default_rng(0)
    probability = rng.integers(0, 256, (200_000, 1), dtype=np.uint8)
    present = rng.random((200_000, 1)) < probability / 255
    whole = measure_reliability(probability, present).whole
    assert whole.error < 0.01
    assert whole.brier == pytest.approx(1 / 6, abs=0.005)  # the mean of p (1 - p) over even p
    assert measure_reliability(255 - probability, present).whole.error > 0.4


def test_other_shapes_and_types_are_refused() -> None:
    present = np.zeros((4, 2), bool)
    for wrong in (np.zeros((4, 2)), np.zeros((4, 1), np.uint8), np.zeros((4, 2), np.int64)):
        with pytest.raises(ValueError, match=r"they must be \(4, 2\) of uint8"):
            measure_reliability(wrong, present)
