"""The losses written are one minus the Dice of the table."""

import pytest

from severstal.evaluation.label_ceiling import measure_ceiling
from severstal.evaluation.labels import class_labels, truncate
from severstal.report import eda


def test_dice_lost(labelled, readable):
    ceiling = measure_ceiling(labelled.table, labelled.spec)
    figure = eda.dice_lost(ceiling, labelled.spec)
    readable(figure)
    (axes,) = figure.axes
    ids = sorted(set(labelled.table["ClassId"]))
    assert [text.get_text() for text in axes.get_yticklabels()] == ceiling.index.tolist()
    assert [text.get_text() for text in axes.get_xticklabels()] == [
        "all masks",
        *(truncate(class_labels(labelled.spec)[k - 1], 18) for k in ids),
    ]
    written = [text.get_text() for text in axes.texts]
    expected = (1 - ceiling[["all", *ids]]).to_numpy().ravel()
    for text, value in zip(written, expected, strict=True):
        if text == "<0.1%":
            assert 0 < value < 0.0005
        else:
            assert float(text.rstrip("%")) / 100 == pytest.approx(value, abs=0.0051)


def test_without_a_defect(clean, readable):
    figure = eda.dice_lost(measure_ceiling(clean.table, clean.spec), clean.spec)
    readable(figure)
    assert not figure.axes
