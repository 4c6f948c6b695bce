"""Static where nothing moves, interactive where it does."""

import re

import numpy as np
import pandas as pd
import pytest

from severstal.competition.spec import Spec
from severstal.decision.rules import PLAIN_RULE
from severstal.report.errors.explorer import dice_by_area, worst_pairs
from severstal.report.errors.panels import PairRow
from severstal.report.live import STATIC
from severstal.report.thresholds.explorer import map_explorer, mask_areas

SPEC = Spec("tiny", (32, 128), ("hole", "crack"))


def table() -> pd.DataFrame:
    rows = [
        ("a.jpg", 1, "missed", 0.0, 90, 0),
        ("b.jpg", 2, "outline", 0.5, 9, 12),
        ("a.jpg", 2, "right", 1, 0, 0),
    ]
    found = pd.DataFrame(rows, columns=["ImageId", "ClassId", "kind", "dice", "true", "predicted"])
    return found.assign(probability=0.5, peak=0.6, lost=(1 - found["dice"]) / 3)


def squares(name: str) -> np.ndarray:
    bits = np.zeros(SPEC.image_shape, np.uint8)
    bits[4:20, 10:40] = 1
    return bits


@pytest.fixture(params=[True, False], ids=["static", "by hand"])
def by_hand(request, monkeypatch) -> bool:
    if request.param:
        monkeypatch.setenv(STATIC, "1")
    else:
        monkeypatch.delenv(STATIC, raising=False)
    return not request.param


def test_every_defect_has_a_marker_and_by_hand_a_picture(by_hand, readable) -> None:
    live = dice_by_area(table(), squares, squares, squares, SPEC)
    readable(live.static, ("area of the defect (pixels, logarithmic)", "Dice"))
    points = [tuple(point) for line in live.static.axes[0].lines for point in line.get_xydata().tolist()]
    assert points == [(90, 0), (9, 0.5)]
    data, metadata = live._repr_mimebundle_()
    assert metadata["image/png"]["alt"].startswith("Dice of every defect by its area. ")
    assert ("text/html" in data) == by_hand
    if by_hand:
        assert data["text/html"].count("data:image/jpeg;base64,") == 2
        assert "<script" not in data["text/html"]


def test_without_a_defect_there_is_a_sentence() -> None:
    live = dice_by_area(table().assign(true=0), squares, squares, squares, SPEC)
    assert not live.static.axes


def test_the_table_of_the_worst_holds_no_right_pair(by_hand) -> None:
    live = worst_pairs(table(), SPEC)
    assert live.static["image"].tolist() == ["a.jpg", "b.jpg"]
    data, _ = live._repr_mimebundle_()
    if by_hand:
        pytest.importorskip("plotly")
        assert "sorted by dice" in data["text/html"]
    else:
        assert "<table" in data["text/html"]


def test_the_sliders_move_threshold_and_minimum_area(monkeypatch, readable) -> None:
    monkeypatch.delenv(STATIC, raising=False)
    plane = (200 * squares("")).astype(np.uint8)
    row = PairRow("a", 1, squares("") + 80, squares(""), (plane,), squares(""))
    live = map_explorer(row, PLAIN_RULE, SPEC)
    readable(live.static)
    areas = mask_areas(plane)
    assert areas[0] == 16 * 30
    assert areas[-1] == 0
    pytest.importorskip("plotly")
    html = live._repr_mimebundle_()[0]["text/html"]
    assert re.search(r'"prefix":\s*"minimum area', html)
    assert html.count('"method":"update"') == len(areas)


def test_without_plotly_the_figure_stands_still(monkeypatch) -> None:
    monkeypatch.delenv(STATIC, raising=False)
    monkeypatch.setitem(__import__("sys").modules, "plotly", None)
    plane = (200 * squares("")).astype(np.uint8)
    row = PairRow("a", 1, squares("") + 80, squares(""), (plane,), squares(""))
    data, _ = map_explorer(row, PLAIN_RULE, SPEC)._repr_mimebundle_()
    assert "image/jpeg" in data
    assert "text/html" not in data
