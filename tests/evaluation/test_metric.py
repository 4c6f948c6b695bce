"""Only equal metrics merge, and sums do not round."""

import pickle
from fractions import Fraction

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.evaluation.boundary import BoundaryMetrics
from severstal.evaluation.calibration import CalibrationMetrics
from severstal.evaluation.hausdorff import HausdorffMetrics
from severstal.evaluation.metric import exact_mean, exact_sums, paired_planes
from severstal.evaluation.pairs import PairMetrics
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
def test_different_metrics_are_not_merged(make, other, spec):
    with pytest.raises(ValueError, match="cannot be merged"):
        make(spec).merge(other(spec))


def test_a_merge_leaves_the_other_as_it_was_and_both_apart(spec, draw_batch):
    truth, prediction, _ = draw_batch(0, 2)
    one, other = PixelMetrics(spec), PixelMetrics(spec)
    other.update(truth[0], prediction[0])
    before = pickle.dumps(other)
    one.merge(other)
    one.update(truth[1], prediction[1])
    assert pickle.dumps(other) == before


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (PairMetrics, "dice_on_defects"),
        (lambda spec: BoundaryMetrics(spec, 1), "boundary_f1"),
        (HausdorffMetrics, "hausdorff"),
        (HausdorffMetrics, "hausdorff_95"),
    ],
)
def test_the_mean_does_not_depend_on_the_order_of_the_pictures(make, name):
    spec, rng = Spec("line", (1, 60), ("hole",)), np.random.default_rng(0)
    truth, prediction = (rng.random((2, 300, 1, 60)) < 0.2).astype(np.uint8)
    truth[:, :, 0] = prediction[:, :, 0] = 1  # no empty mask
    values = []
    for row in range(300):
        alone = make(spec)
        alone.update(truth[row], prediction[row])
        values.append(float(alone.compute()[name][0]))
    orders = [range(300), range(299, -1, -1), rng.permutation(300)]
    means = []
    for order in orders:
        metric = make(spec)
        for row in order:
            metric.update(truth[row], prediction[row])
        means.append(float(metric.compute()[name][0]))
    assert means == [float(sum(map(Fraction, values)) / 300)] * 3
    if name != "hausdorff":
        assert len({sum(values[row] for row in order) for order in orders}) > 1  # floats would depend on it


def test_an_exact_mean_does_not_round():
    values = [0.1] * 10 + [1e16, -1e16]
    total = exact_sums(1)
    for value in values:
        total += Fraction(value)
    assert exact_mean(total, np.array([1]))[0] == float(10 * Fraction(0.1))


def test_the_sixteenth_class_is_seen():
    bits = np.array([[1 << 15, 1]], np.uint16)
    assert [k for k, _, _ in paired_planes(bits, np.zeros_like(bits))] == [0, 15]
