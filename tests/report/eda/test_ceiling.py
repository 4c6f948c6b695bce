"""The losses drawn are one minus the Dice of the table."""

import numpy as np

from severstal.evaluation.label_ceiling import measure_ceiling
from severstal.evaluation.labels import class_labels
from severstal.report import eda


def test_dice_lost(labelled, readable):
    ceiling = measure_ceiling(labelled.table, labelled.spec)
    figure = eda.dice_lost(ceiling, labelled.spec)
    readable(figure, ("Dice lost on defects (logarithmic from 0.1% on); at the right, all masks",))
    axes = figure.axes[0]
    assert not axes.patches  # no bars on a logarithmic axis
    whole, *lines = axes.lines
    np.testing.assert_allclose(whole.get_xdata(), 1 - ceiling["all"])
    assert [text.get_text() for text in axes.get_yticklabels()] == ceiling.index.tolist()
    ids = [column for column in ceiling.columns if column != "all"]
    assert ids == sorted(set(labelled.table["ClassId"]))
    for class_id, line in zip(ids, lines, strict=True):
        np.testing.assert_allclose(line.get_xdata(), 1 - ceiling[class_id])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == [class_labels(labelled.spec)[k - 1] for k in ids]


def test_without_a_defect(clean, readable):
    readable(eda.dice_lost(measure_ceiling(clean.table, clean.spec), clean.spec))
