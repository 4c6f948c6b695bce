"""Each class has both heat maps, with its rule marked."""

import numpy as np

from severstal.decision.slices import slice_landscape
from severstal.report.thresholds.landscapes import rule_landscapes, shown_areas, split_never

LABELS = ("high threshold", "low threshold", "minimum area (pixels, logarithmic)")


def landscapes(summary, result):
    slices = [slice_landscape(summary, result, index) for index in range(len(summary.spec.classes))]
    return rule_landscapes(slices, result, summary.spec)


def marks(axes, marker):
    return [line.get_xydata()[0] for line in axes.lines if line.get_marker() == marker]


def test_each_class_has_both_maps(searched, readable):
    result = searched.fitted.result
    figure = landscapes(searched.summary, result)
    readable(figure, LABELS)
    maps = [axes for axes in figure.axes if axes.images]
    predicted, never = split_never(result, searched.spec)
    assert len(maps) == 2 * len(predicted)
    assert never == "Never predicted, and left out: 2 few, 3 never."
    assert never in figure.texts[1].get_text().replace("\n", " ")
    for place, index in enumerate(predicted):
        rule = result.rules.rules[index]
        left, right = maps[2 * place : 2 * place + 2]
        assert len(marks(left, "o")) == len(marks(right, "o")) == 1
        thresholds = np.array(result.classes[index].landscape.grid.thresholds)
        at = np.interp([rule.low, rule.high], thresholds, np.arange(len(thresholds)))
        assert np.allclose(marks(right, "o")[0], at)
        assert np.isclose(marks(left, "o")[0][1], at[1])
        # The colour below the mark is that of what the rule gains.
        image = left.images[0].get_array()
        found = result.found.classes[index]
        x, y = marks(left, "o")[0].round().astype(int)
        assert abs(image[y, x] - (found.score - found.all_empty)) < 0.02


def test_the_best_of_a_map_is_marked(searched):
    figure = landscapes(searched.summary, searched.fitted.result)
    left = figure.axes[0]
    image = left.images[0].get_array()
    x, y = marks(left, "*")[0].astype(int)
    assert image[y, x] == image.max()


def test_areas_without_an_effect_are_left_out(searched):
    areas = np.array([0, 1, 2, 40, 500, 3000, 6144])
    gained = np.zeros((3, 7))
    gained[1, :5] = 0.1
    assert shown_areas(gained, areas, searched.spec).tolist() == [0, 1, 2, 3, 4, 5]
    assert shown_areas(0 * gained, areas, searched.spec).tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_any_data_set(any_set, readable):
    readable(landscapes(any_set.summary, any_set.fitted.result))


def test_all_zero_maps(blank, readable):
    summary, result = blank
    figure = landscapes(summary, result)
    readable(figure)
    assert bool(figure.axes) == bool(split_never(result, summary.spec)[0])
