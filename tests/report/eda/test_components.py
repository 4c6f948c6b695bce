"""Pieces and their boxes are drawn and summed up as they were measured."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.spec import SEVERSTAL, Spec
from severstal.competition.tables import read_labels
from severstal.data.mask_statistics import mask_statistics
from severstal.evaluation.labels import class_labels
from severstal.report import eda
from severstal.report.eda.components import MOST_DOTS


def panels(figure):
    """Above and below of each class, in order: the axes alternate by row, not by class."""
    bars = [axes for axes in figure.axes if axes.patches]
    dots = [axes for axes in figure.axes if not axes.patches]
    return list(zip(bars, dots, strict=True))


def test_components(labelled, measured, readable):
    figure = eda.components(measured.masks, measured.components, labelled.spec)
    readable(figure, ("pieces a mask", "masks (%)", "width of a piece (px)", "height of a piece (px)"))
    drawn = panels(figure)
    assert len(drawn) == len(labelled.spec.classes)
    for class_id, (above, below) in zip(labelled.spec.class_ids, drawn, strict=True):
        masks = measured.masks[measured.masks["ClassId"] == class_id]
        pieces = measured.components[measured.components["ClassId"] == class_id]
        heights = [bar.get_height() for bar in above.patches]
        assert sum(heights) == pytest.approx(100 if len(masks) else 0)
        assert heights[0] == pytest.approx(100 * np.mean(masks["components"] == 1) if len(masks) else 0)
        assert below.lines[0].get_xdata().tolist() == pieces["width"].tolist()
        assert below.lines[0].get_ydata().tolist() == pieces["height"].tolist()


def test_without_a_defect(clean, none_measured, readable):
    figure = eda.components(none_measured.masks, none_measured.components, clean.spec)
    readable(figure)
    summary = eda.mask_summary(none_measured.masks, clean.spec)
    assert summary["masks"].tolist() == [0] * len(clean.spec.classes)
    assert summary["median"].isna().all()


def test_summary_is_what_the_masks_are(labelled, measured):
    summary = eda.mask_summary(measured.masks, labelled.spec)
    assert summary.index.tolist() == class_labels(labelled.spec)
    for class_id, (_, row) in zip(labelled.spec.class_ids, summary.iterrows(), strict=True):
        own = measured.masks[measured.masks["ClassId"] == class_id]
        assert row["masks"] == len(own)
        if not len(own):
            continue
        drawn = [
            (labelled.masks[name] >> (class_id - 1) & 1).astype(bool)
            for name in labelled.table.loc[labelled.table["ClassId"] == class_id, "ImageId"]
        ]
        assert row["median"] == round(np.median([mask.sum() for mask in drawn]))
        sides = 100 * np.mean([mask[:, [0, -1]].any() for mask in drawn])
        ends = 100 * np.mean([mask[[0, -1]].any() for mask in drawn])
        assert row["touches a side (%)"] == round(sides)
        assert row["touches top or bottom (%)"] == round(ends)
        assert row["fills its box (%)"] == 100  # each was drawn as a rectangle


def test_many_pieces_are_thinned_and_all_counted():
    spec = Spec("many", (64, 64), ("hole",))
    rows = {"ClassId": np.ones(5000, int), "components": np.ones(5000, int)}
    masks = pd.DataFrame(rows)
    pieces = pd.DataFrame({"ClassId": 1, "width": np.arange(5000) % 60 + 1, "height": 5})
    figure = eda.components(masks, pieces, spec)
    assert len(figure.axes[1].lines[0].get_xdata()) == MOST_DOTS
    assert "5,000 pieces" in figure.axes[0].get_title(loc="left")


def test_real_masks(real_data, readable):
    table = read_labels(real_data / "severstal" / "train.csv", SEVERSTAL)
    measured = mask_statistics(table, SEVERSTAL)
    readable(eda.components(measured.masks, measured.components, SEVERSTAL))
    assert eda.mask_summary(measured.masks, SEVERSTAL)["masks"].sum() == len(table)
