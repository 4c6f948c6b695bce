"""Figures by pixel: against scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics as sk

from severstal.evaluation.pixels import PixelMetrics


@pytest.mark.parametrize("seed", range(4))
def test_masks_that_overlap_are_sklearns_multilabel_figures(seed, spec, draw_batch, split, run):
    truth, prediction, _ = draw_batch(seed, 5)
    found = run(PixelMetrics(spec), truth, prediction)
    t, p = (split(each).transpose(0, 2, 3, 1).reshape(-1, 3) for each in (truth, prediction))
    wanted = {
        "iou": sk.jaccard_score,
        "pixel_dice": sk.f1_score,
        "pixel_precision": sk.precision_score,
        "pixel_recall": sk.recall_score,
    }
    for name, function in wanted.items():
        np.testing.assert_allclose(found[name][1:], function(t, p, average=None), err_msg=name)
        np.testing.assert_allclose(found[name][0], function(t, p, average="macro"), err_msg=name)
    assert found["pixel_accuracy"][0] == pytest.approx(sk.accuracy_score(t, p))
    each = [sk.accuracy_score(t[:, k], p[:, k]) for k in range(3)]
    np.testing.assert_allclose(found["pixel_accuracy"][1:], each)


@pytest.mark.parametrize("seed", range(4))
def test_masks_that_do_not_overlap_are_sklearns_figures_on_labels(seed, spec, draw_batch, run):
    truth, prediction, _ = draw_batch(seed, 5, overlap=False)
    found = run(PixelMetrics(spec), truth, prediction)
    label = np.array([0, 1, 2, 0, 3])
    t, p = (label[each].ravel() for each in (truth, prediction))
    assert found["pixel_accuracy"][0] == pytest.approx(sk.accuracy_score(t, p))
    assert found["mean_accuracy"][0] == pytest.approx(sk.balanced_accuracy_score(t, p))
    assert found["mean_iou"][0] == pytest.approx(sk.jaccard_score(t, p, average="macro"))
    assert found["frequency_weighted_iou"][0] == pytest.approx(sk.jaccard_score(t, p, average="weighted"))
    assert found["background_iou"][0] == pytest.approx(sk.jaccard_score(t == 0, p == 0))


def test_a_class_that_is_nowhere_has_no_figure_and_does_not_count(spec, run):
    truth = np.zeros((1, *spec.image_shape), np.uint8)
    truth[0, :3] = 1
    found = run(PixelMetrics(spec), truth, truth)
    np.testing.assert_array_equal(found["iou"], [1, 1, np.nan, np.nan])
    np.testing.assert_array_equal(found["mean_accuracy"], [1, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(found["frequency_weighted_iou"][0], 1)
    assert all(np.isnan(values).all() for values in PixelMetrics(spec).compute().values())
