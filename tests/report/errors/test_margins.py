"""The figures count every decision with a small margin, and show the smallest."""

from severstal.decision.close_calls import close_calls, split_votes
from severstal.report.errors import closest_calls, decisions_by_margin

NEAR = 0.3  # margin up to which the figures show decisions


def test_decisions_by_margin(every, readable):
    calls = close_calls(every.summary, every.rules, every.folds)
    figure = decisions_by_margin(calls)
    near = calls[calls["margin"].abs() < NEAR]
    if near.empty:
        assert "No pair" in figure.texts[1].get_text()
        assert not figure.axes
        return
    readable(figure, ("wrong decisions (%)",))
    texts = [text.get_text().split(" of ") for text in figure.axes[0].texts]
    assert sum(int(number) for _, number in texts) == len(near)
    assert sum(int(bad) for bad, _ in texts) == (near["defect"] != near["drawn"]).sum()


def test_closest_calls(every, readable):
    calls = close_calls(every.summary, every.rules, every.folds)
    figure = closest_calls(calls, *every.lookups, every.reader)
    readable(figure)
    near = calls[calls["margin"].abs() < NEAR]
    if near.empty:
        assert "No pair" in figure.texts[1].get_text()
        return
    captioned = [
        text.get_text() for axes in figure.axes for text in axes.texts if ", margin " in text.get_text()
    ]
    assert len(captioned) == min(len(near), 4)
    split = near[split_votes(near)]
    first = (split if len(split) else near).iloc[0]
    assert first["ImageId"] in captioned[0]
    assert captioned[0].startswith("RIGHT" if first["drawn"] == first["defect"] else "WRONG")
