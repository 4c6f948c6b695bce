"""Expected calibration error: against bins filled one pixel after the other, and scikit-learn's curve."""

from fractions import Fraction

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from severstal.evaluation.calibration import CalibrationMetrics


def slow_error(truth, levels, bins):
    filled = {}
    for there, level in zip(truth.ravel().tolist(), levels.ravel().tolist(), strict=True):
        probability = Fraction(level, 255)
        place = max(-(-probability * bins // 1), 1)  # closed above, the first also below
        filled.setdefault(place, []).append((probability, there))
    apart = [abs(sum(p for p, _ in each) - sum(there for _, there in each)) for each in filled.values()]
    return float(sum(apart) / truth.size)


@pytest.mark.parametrize("bins", [1, 7, 15, 255])
def test_error_is_that_of_bins_filled_pixel_by_pixel(bins, spec, draw_batch, split, run):
    truth, prediction, maps = draw_batch(0, 3)
    found = run(CalibrationMetrics(spec, bins), truth, prediction, maps)["calibration_error"]
    planes = split(truth)
    for k in range(3):
        assert found[1 + k] == pytest.approx(slow_error(planes[:, k], maps[:, k], bins))
    assert found[0] == pytest.approx(found[1:].mean())


def test_bins_are_sklearns(spec, draw_batch, split, run):
    truth, prediction, maps = draw_batch(1, 4)
    maps[(maps % 17 == 0) & (maps > 0)] += 1  # what lies on an edge, floats put on either side
    maps[maps == 0] = 1
    found = run(CalibrationMetrics(spec), truth, prediction, maps)["calibration_error"]
    for k in range(3):
        there, sure = split(truth)[:, k].ravel(), maps[:, k].ravel() / 255
        true, predicted = calibration_curve(there, sure, n_bins=15)
        sizes = np.histogram(sure, np.linspace(0, 1, 16))[0]
        assert found[1 + k] == pytest.approx(np.sum(np.abs(true - predicted) * sizes[sizes > 0]) / there.size)


def test_without_maps_there_is_no_error(spec, draw_batch, run):
    truth, prediction, _ = draw_batch(0, 2)
    assert np.isnan(run(CalibrationMetrics(spec), truth, prediction)["calibration_error"]).all()


def test_what_is_said_and_so_has_no_error(spec, run):
    truth = np.zeros((1, *spec.image_shape), np.uint8)
    truth[0, :6] = 7
    sure = np.repeat((truth != 0)[:, None] * np.uint8(255), 3, axis=1)
    assert (run(CalibrationMetrics(spec), truth, truth, sure)["calibration_error"] == 0).all()
    assert (run(CalibrationMetrics(spec), truth, truth, 255 - sure)["calibration_error"] == 1).all()
