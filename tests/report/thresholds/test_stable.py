"""Stability as a picture."""

import numpy as np

from severstal.decision.stability import stability
from severstal.report.thresholds.stable import stability_maps


def test_each_class_has_both_maps(searched, readable):
    result = searched.fitted.result
    figure = stability_maps(searched.summary, result, searched.spec, searched.groups, resamples=20)
    readable(figure, ("high threshold", "minimum area (pixels, logarithmic)"))
    maps = [axes for axes in figure.axes if axes.images]
    assert len(maps) == 6
    found = stability(searched.summary, 0, result.classes[0], searched.groups, 20)
    shown = maps[0].images[0].get_array()
    assert shown.max() == 100 * found.share.max()
    assert np.isin(maps[1].images[0].get_array().compressed(), found.fall).all()
    titles = [axes.get_title(loc="left") for axes in maps]
    assert titles[0].startswith("1 found: the rule is among the best in ")
    assert titles[4] == "3 never: never drawn"


def test_any_data_set(any_set, readable):
    readable(stability_maps(any_set.summary, any_set.fitted.result, any_set.spec, resamples=5))


def test_maps_that_show_nothing(blank, readable):
    summary, result = blank
    readable(stability_maps(summary, result, summary.spec, resamples=5))
