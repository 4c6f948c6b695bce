"""What metrics share: what is merged must fit, and sums do not round."""

import pickle
from fractions import Fraction

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.evaluation.boundary import BoundaryMetrics
from severstal.evaluation.calibration import CalibrationMetrics
from severstal.evaluation.metric import exact_mean, paired_planes
from severstal.evaluation.pixels import PixelMetrics


@pytest.mark.parametrize(
    ("make", "other"),
    [
        (PixelMetrics, CalibrationMetrics),
        (PixelMetrics, lambda spec: PixelMetrics(Spec("tiny", spec.image_shape, ("a", "b", "c")))),
        (lambda spec: BoundaryMetrics(spec, 1), lambda spec: BoundaryMetrics(spec, 2)),
        (CalibrationMetrics, lambda spec: CalibrationMetrics(spec, bins=7)),
    ],
)
def test_metrics_of_another_kind_are_not_merged(make, other, spec):
    with pytest.raises(ValueError, match="cannot take in"):
        make(spec).merge(other(spec))


def test_a_merge_leaves_the_other_as_it_was_and_both_apart(spec, draw_batch):
    truth, prediction, _ = draw_batch(0, 2)
    one, other = PixelMetrics(spec), PixelMetrics(spec)
    other.update(truth[0], prediction[0])
    before = pickle.dumps(other)
    one.merge(other)
    one.update(truth[1], prediction[1])
    assert pickle.dumps(other) == before


def test_sums_do_not_round():
    values = [0.1] * 10 + [1e16, -1e16]
    total = np.array([sum(map(Fraction, values))])
    assert exact_mean(total, np.array([1]))[0] == float(10 * Fraction(0.1))
    assert sum(values) != 1.0


def test_classes_of_the_sixteenth_bit_are_seen():
    bits = np.array([[1 << 15, 1]], np.uint16)
    assert [k for k, _, _ in paired_planes(bits, np.zeros_like(bits))] == [0, 15]
