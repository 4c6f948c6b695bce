"""The matrices show counts, and the share of the row as their shade."""

import numpy as np

from severstal.competition.spec import Spec
from severstal.evaluation.confusion import Confusion, measure_confusion
from severstal.report.errors import confusion_matrices


def test_the_matrices(every, readable):
    found = measure_confusion(every.labelled.images, every.lookups[1], every.lookups[2], every.spec)
    figure = confusion_matrices(found, every.spec)
    readable(figure, ("truth", "prediction"))
    if every.drawn.empty:
        assert not found.components[:, 1:].any()
    if every.labelled.table.empty:
        assert not found.components[1:].any()


def test_shade_is_the_share_of_the_row():
    counts = np.array([[0, 7], [1, 3]])
    figure = confusion_matrices(Confusion(counts, counts * 1000.0), Spec("tiny", (4, 4), ("hole",)))
    assert figure.axes[0].images[0].get_array().tolist() == [[0, 0], [0.25, 0.75]]
    assert [text.get_text() for text in figure.axes[1].texts] == ["7.0k", "1.0k\n25%", "3.0k\n75%"]
