"""Components and their boxes are drawn as they were measured."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.spec import SEVERSTAL, Spec
from severstal.competition.tables import read_labels
from severstal.data.mask_statistics import mask_statistics
from severstal.report import eda


def panels(figure):
    """Above and below of each class, in order: the axes alternate by row, not by class."""
    bars = [axes for axes in figure.axes if axes.patches]
    dots = [axes for axes in figure.axes if not axes.patches]
    return list(zip(bars, dots, strict=True))


def test_components(labelled, measured, readable):
    figure = eda.component_shapes(measured.masks, measured.components, labelled.spec)
    readable(figure, ("components per mask", "masks (%)", "width (px)", "height (px)"))
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
    figure = eda.component_shapes(none_measured.masks, none_measured.components, clean.spec)
    readable(figure)


def test_many_components_are_subsampled_and_all_counted():
    spec = Spec("many", (64, 64), ("hole",))
    rows = {"ClassId": np.ones(5000, int), "components": np.ones(5000, int)}
    masks = pd.DataFrame(rows)
    pieces = pd.DataFrame({"ClassId": 1, "width": np.arange(5000) % 60 + 1, "height": 5})
    figure = eda.component_shapes(masks, pieces, spec)
    assert len(figure.axes[1].lines[0].get_xdata()) == 1500
    assert "5,000 components" in figure.axes[0].get_title(loc="left")


def test_real_masks(real_data, readable):
    table = read_labels(real_data / "severstal" / "train.csv", SEVERSTAL)
    measured = mask_statistics(table, SEVERSTAL)
    readable(eda.component_shapes(measured.masks, measured.components, SEVERSTAL))
