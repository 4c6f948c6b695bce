"""The curves of the decision rules."""

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.decision.search import search_rules
from severstal.decision.summary import Summary
from severstal.report.thresholds import ThresholdCurve, curves_of, threshold_curves

XLABELS = ("pixel threshold (probability)", "minimum area (pixels, logarithmic from 100)", "mean Dice")


def curve(class_id, min_area=600):
    rng = np.random.default_rng(class_id)
    areas = np.r_[0, np.geomspace(1, 20_000, 20)]
    return ThresholdCurve(
        class_id,
        np.linspace(0.05, 0.95, 30),
        rng.random(30),
        areas,
        rng.random(21),
        0.5,
        min_area,
        0.9,
        0.7,
        0.6,
    )


@pytest.mark.parametrize("classes", [1, 4, 5, 16])
def test_both_curves_of_every_class(readable, classes):
    spec = Spec(
        "s", (256, 1600), tuple(f"a name that is {k} times longer than any should be" for k in range(classes))
    )
    curves = [curve(k) for k in spec.class_ids]
    figure = threshold_curves(curves, spec)
    readable(figure, XLABELS)
    assert len(figure.axes) == 2 * classes
    for each, left, right in zip(curves, figure.axes[::2], figure.axes[1::2], strict=True):
        for axes, scores, chosen in ((left, each.threshold_scores, 0.5), (right, each.area_scores, 600)):
            drawn = [line.get_ydata() for line in axes.lines]
            assert any(np.array_equal(line, scores) for line in drawn)
            marks = [
                (line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "o"
            ]
            assert marks == [(chosen, 0.9)]
            levels = {
                line.get_linestyle(): line.get_ydata()[0] for line in axes.lines if len(line.get_xdata()) == 2
            }
            assert levels == {"--": 0.7, ":": 0.6}
    assert [text.get_text() for text in figure.legends[0].texts][2:] == [
        "plain 0.5, no minimum area",
        "class never predicted",
    ]


def test_a_class_that_is_never_predicted_says_so(readable):
    spec = Spec("s", (256, 1600), ("hole",))
    figure = threshold_curves([curve(1, min_area=spec.pixels + 1)], spec)
    readable(figure)
    assert figure.axes[1].get_title(loc="left") == "never predicted"


def test_curves_of_a_search_pass_through_what_it_found():
    spec = Spec("s", (32, 32), ("hole", "crack"))
    rng = np.random.default_rng(0)
    areas = np.sort(rng.integers(0, 900, (40, 2, 256)))[..., ::-1].astype(np.int32)
    true = np.where(rng.random((40, 2)) < 0.5, areas[:, :, 120], 0).astype(np.int32)
    result = search_rules(
        Summary(tuple(map(str, range(40))), spec, areas, np.minimum(areas, true[..., None]), true)
    )
    for found, score, plain in zip(
        curves_of(result), result.found.classes, result.plain.classes, strict=True
    ):
        assert (found.class_id, found.plain, found.all_empty) == (
            score.class_id,
            plain.score,
            score.all_empty,
        )
        at = np.flatnonzero(found.thresholds == found.threshold)
        assert found.threshold_scores[at] >= found.score - 1e-9
        at = np.flatnonzero(found.min_areas == found.min_area)
        assert found.area_scores[at] == pytest.approx(found.score)
