"""The bars add up to what the score lacks."""

import pytest

from severstal.report.errors import points_lost


def test_points_lost(every, readable):
    figure = points_lost(every.errors, every.spec)
    readable(figure, ("points of the score over all pairs",))
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert sum(widths) == pytest.approx(every.errors["lost"].sum())
    assert len(figure.axes[0].texts) == len(every.spec.classes)
    counts = [list(map(int, text.get_text().split(" / "))) for text in figure.axes[0].texts]
    assert sum(each[0] + each[2] for each in counts) == len(every.labelled.table)
