"""The areas drawn are those of the masks."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.spec import SEVERSTAL
from severstal.data.mask_statistics import read_area_shares
from severstal.evaluation.labels import class_labels
from severstal.report import eda


def test_area_distributions(labelled, measured, readable):
    figure = eda.area_distributions(measured.masks, labelled.spec)
    readable(figure, ("area of the mask (pixels, logarithmic)", "masks %"))
    for class_id, axes in zip(labelled.spec.class_ids, figure.axes, strict=True):
        own = measured.masks.loc[measured.masks["ClassId"] == class_id, "area"]
        assert axes.get_xscale() == "log"
        if len(own):
            assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(100)
            assert f"{len(own)} masks, median {own.median():,.0f} px" in axes.get_title(loc="left")
            assert own.median() in [line.get_xdata()[0] for line in axes.lines]
        else:
            assert "no mask" in axes.get_title(loc="left")


@pytest.mark.parametrize("sizes", [[1], [409600], [7, 7, 7], [1, 409600], [3, 3000, 30_000]])
def test_every_area_falls_into_a_bar(sizes):
    masks = pd.DataFrame({"ClassId": 2, "area": sizes})
    axes = eda.area_distributions(masks, SEVERSTAL).axes[1]
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(100)


def test_areas_of_the_whole_set_are_an_outline(real_data, readable):
    everywhere = read_area_shares(real_data / "severstal" / "reference" / "class_area_pct_all.csv", SEVERSTAL)
    some = everywhere[everywhere["ClassId"] != 2].iloc[:40]
    figure = eda.area_distributions(some, SEVERSTAL, everywhere)
    readable(figure)
    assert f"all {len(everywhere):,} masks" in figure.texts[1].get_text().replace("\n", " ")
    for class_id, axes in zip(SEVERSTAL.class_ids, figure.axes, strict=True):
        outline = axes.patches[-1].get_data()[0]
        assert outline.sum() == pytest.approx(100)
        assert axes.get_ylim()[1] >= outline.max()
        assert f"of all {(everywhere['ClassId'] == class_id).sum():,}:" in axes.get_title(loc="left")


def test_no_mask_is_lost_below_the_smallest(labelled, measured, readable):
    figure = eda.masks_lost(measured.masks, labelled.spec)
    readable(figure, ("minimum area (pixels, logarithmic)", "true masks below it (%)"))
    present = sorted(set(measured.masks["ClassId"]))
    lines = figure.axes[0].lines[: len(present)]
    for class_id, line in zip(present, lines, strict=True):
        own = np.sort(measured.masks.loc[measured.masks["ClassId"] == class_id, "area"])
        assert (line.get_xdata()[0], line.get_ydata()[0]) == (own[0], 0)
        assert (line.get_xdata()[-1], line.get_ydata()[-1]) == (own[-1], 100)
        for minimum, share in zip(line.get_xdata()[:-1], line.get_ydata()[:-1], strict=True):
            at_most = 100 * np.mean(own <= minimum)
            assert 100 * np.mean(own < minimum) <= share + 1e-9
            assert share < at_most
        median = line.get_xydata()[line.get_markevery()[0]]
        assert median[0] == pytest.approx(own[len(own) // 2])
    names = [text.get_text().rpartition(" (5 %")[0] for text in figure.legends[0].get_texts()]
    assert names == [class_labels(labelled.spec)[k - 1] for k in present]
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == len(lines)


def test_without_a_defect(clean, none_measured, readable):
    readable(eda.area_distributions(none_measured.masks, clean.spec))
    readable(eda.masks_lost(none_measured.masks, clean.spec))
