"""Hausdorff distances: against scipy's and every pair of points."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import cdist, directed_hausdorff

from severstal.evaluation.hausdorff import HausdorffMetrics


def outline(mask):
    return np.argwhere(mask & ~ndimage.binary_erosion(mask))


@pytest.mark.parametrize("seed", range(3))
def test_distances_are_scipys(seed, spec, draw_batch, split, run):
    truth, prediction, _ = draw_batch(seed, 9)
    found = run(HausdorffMetrics(spec), truth, prediction)
    t, p = split(truth), split(prediction)
    for k in range(3):
        most, nearly = [], []
        for true, predicted in zip(t[:, k], p[:, k], strict=True):
            if true.any() and predicted.any():
                one, other = outline(true), outline(predicted)
                most.append(max(directed_hausdorff(one, other)[0], directed_hausdorff(other, one)[0]))
                apart = cdist(one, other)
                nearly.append(max(np.percentile(apart.min(axis=axis), 95) for axis in (0, 1)))
        assert found["hausdorff_pairs"][1 + k] == len(most) > 0
        assert found["hausdorff"][1 + k] == pytest.approx(np.mean(most))
        assert found["hausdorff_95"][1 + k] == pytest.approx(np.mean(nearly))


def test_a_moved_square_is_as_far_as_it_moved(spec, run):
    bits = np.zeros((2, *spec.image_shape), np.uint8)
    bits[0, 2:5, 2:5] = 2
    bits[1, 2:5, 6:9] = 2
    found = run(HausdorffMetrics(spec), bits[:1], bits[1:])
    assert found["hausdorff"][2] == 4
    assert found["hausdorff_pairs"].tolist() == [1, 0, 1, 0]
    assert np.isnan(found["hausdorff"][1])
