"""The labelled data set, and what every figure must keep."""

from collections.abc import Callable

import pytest
from fixtures.labelled import clean, labelled
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from severstal.report.live import STATIC
from severstal.report.palette import Sheet

__all__ = ["clean", "labelled"]


@pytest.fixture
def readable(monkeypatch) -> Callable[..., None]:
    """Assert that a figure has its title and labels, and that no text is cut off or covers another."""
    drawn: list[Text] = []
    draw = Text.draw

    def record(text: Text, renderer) -> None:
        drawn.append(text)
        draw(text, renderer)

    def check(figure: Figure, labels: tuple[str, ...] = ()) -> None:
        assert isinstance(figure, Sheet)
        drawn.clear()
        with monkeypatch.context() as patch:
            patch.setattr(Text, "draw", record)
            FigureCanvasAgg(figure).draw()  # a figure without pyplot has a canvas that draws nothing
        assert drawn
        assert figure.texts[0].get_text().strip()
        found = {axes.get_xlabel() for axes in figure.axes} | {axes.get_ylabel() for axes in figure.axes}
        assert set(labels) <= found

        badges = {text for axes in figure.axes for text in axes.texts if axes.images}
        shown = [text for text in dict.fromkeys(drawn) if text.get_visible() and text.get_text().strip()]
        boxes = [(text, text.get_window_extent()) for text in shown if text not in badges]
        for text, box in boxes:
            inside = (box.x0 >= 0, box.y0 >= 0, box.x1 <= figure.bbox.x1, box.y1 <= figure.bbox.y1)
            assert all(inside), f"{text.get_text()!r} is cut off"
        head = min(text.get_window_extent().y0 for text in figure.texts)
        assert all(axes.get_window_extent().y1 < head for axes in figure.axes)
        for index, (text, box) in enumerate(boxes):
            for other, other_box in boxes[index + 1 :]:
                covers = min(box.x1, other_box.x1) - max(box.x0, other_box.x0) > 1
                covers &= min(box.y1, other_box.y1) - max(box.y0, other_box.y0) > 1
                assert not covers, f"{text.get_text()!r} and {other.get_text()!r} overlap"

    return check


@pytest.fixture(params=[True, False], ids=["static", "by hand"])
def by_hand(request, monkeypatch) -> bool:
    """Whether a notebook is used by hand, else executed by a command."""
    if request.param:
        monkeypatch.setenv(STATIC, "1")
    else:
        monkeypatch.delenv(STATIC, raising=False)
    return not request.param
