"""Each class has both heat maps."""

import numpy as np

from severstal.decision.stability import stability
from severstal.report.thresholds.stable import stability_maps


def maps(summary, result, groups=None, resamples=5):
    found = [
        stability(summary, index, search, groups, resamples) for index, search in enumerate(result.classes)
    ]
    return stability_maps(found, result, summary.spec)


def test_each_class_has_both_maps(searched, readable):
    result = searched.fitted.result
    figure = maps(searched.summary, result, searched.groups, 20)
    readable(figure, ("high threshold", "minimum area (pixels, logarithmic)"))
    shown_maps = [axes for axes in figure.axes if axes.images]
    assert len(shown_maps) == 2
    found = stability(searched.summary, 0, result.classes[0], searched.groups, 20)
    shown = shown_maps[0].images[0].get_array()
    assert shown.max() == 100 * found.share.max()
    assert np.isin(shown_maps[1].images[0].get_array().compressed(), found.fall).all()
    titles = [axes.get_title(loc="left") for axes in shown_maps]
    assert titles[0].startswith("1 found: near the best in ")
    assert "left out: 2 few, 3 never." in figure.texts[1].get_text().replace("\n", " ")


def test_any_data_set(any_set, readable):
    readable(maps(any_set.summary, any_set.fitted.result))


def test_all_zero_maps(blank, readable):
    summary, result = blank
    readable(maps(summary, result))
