"""F1 of outlines: against scipy's distance transform."""

import numpy as np
import pytest
from scipy import ndimage

from severstal.competition.spec import Spec
from severstal.evaluation.boundary import BoundaryMetrics


def slow_f1(true, predicted, tolerance):
    if not true.any() or not predicted.any():
        return 0.0
    true, predicted = (mask & ~ndimage.binary_erosion(mask) for mask in (true, predicted))
    precision = (ndimage.distance_transform_edt(~true)[predicted] <= tolerance).mean()
    recall = (ndimage.distance_transform_edt(~predicted)[true] <= tolerance).mean()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@pytest.mark.parametrize("tolerance", [0, 1, 1.5, 2])
def test_f1_is_that_of_distance_transforms(tolerance, spec, draw_batch, split, run):
    truth, prediction, _ = draw_batch(1, 6)
    found = run(BoundaryMetrics(spec, tolerance), truth, prediction)["boundary_f1"]
    t, p = split(truth), split(prediction)
    for k in range(3):
        pairs = [
            slow_f1(one, other, tolerance)
            for one, other in zip(t[:, k], p[:, k], strict=True)
            if one.any() or other.any()
        ]
        assert found[1 + k] == pytest.approx(np.mean(pairs))
    assert found[0] == pytest.approx(found[1:].mean())


def test_a_tolerance_is_by_itself_a_share_of_the_diagonal():
    assert BoundaryMetrics(Spec("wide", (300, 400), ("hole",))).tolerance == 4  # 3.75 rounded up


def test_pairs_without_a_mask_do_not_count_and_one_mask_counts_nothing(spec, run):
    bits = np.zeros((2, *spec.image_shape), np.uint8)
    bits[0, 2:5, 2:5] = 1
    found = run(BoundaryMetrics(spec, 1), bits, bits)["boundary_f1"]
    np.testing.assert_array_equal(found, [1, 1, np.nan, np.nan])
    found = run(BoundaryMetrics(spec, 1), bits, bits[::-1])["boundary_f1"]
    np.testing.assert_array_equal(found, [0, 0, np.nan, np.nan])
