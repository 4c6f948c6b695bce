"""The defects by hand: dots in their places with their pictures, and the table of the worst."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from severstal.competition.spec import Spec
from severstal.report.errors.explorer import dice_by_area, worst_pairs
from severstal.report.live import STATIC

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


def test_the_dots_lie_where_area_and_dice_say(monkeypatch) -> None:
    monkeypatch.delenv(STATIC, raising=False)
    areas, dices = [10, 100, 1000, 10_000], [0.0, 0.25, 0.5, 1.0]
    rows = [(f"{k}.jpg", 1 + k % 2, "outline", dices[k], areas[k], 7) for k in range(4)]
    own = pd.DataFrame(rows, columns=["ImageId", "ClassId", "kind", "dice", "true", "predicted"])
    html = dice_by_area(own, squares, squares, squares, SPEC)._repr_mimebundle_()[0]["text/html"]
    place = r'left:calc\(([\d.]+)% - 7px\);top:calc\(([\d.]+)% - 7px\);background:#\w+">(\d)<'
    dots = [(float(left), float(top), int(class_id)) for left, top, class_id in re.findall(place, html)]
    assert [dot[2] for dot in dots] == [1, 2, 1, 2]
    left, top = (np.array([dot[axis] for dot in dots]) for axis in (0, 1))
    np.testing.assert_allclose(np.diff(left), np.diff(left)[0], atol=0.11)  # equal steps of the logarithm
    np.testing.assert_allclose(np.diff(top) / np.diff(dices), (top[-1] - top[0]), atol=0.6)
    lines = re.findall(r'class="tick" style="left:calc\(([\d.]+)% - [\d.]+em\);bottom:1%">([\d,]+)<', html)
    assert {int(text.replace(",", "")): float(at) for at, text in lines} == dict(
        zip(areas, left, strict=True)
    )
    lines = re.findall(r'class="tick" style="left:1%;top:calc\(([\d.]+)% - .6em\)">([\d.]+)<', html)
    for at, text in lines:
        if float(text) in dices:
            assert float(at) == top[dices.index(float(text))]
    assert len(lines) == 5


def test_the_menu_names_the_order_that_is_shown(monkeypatch) -> None:
    pytest.importorskip("plotly")
    monkeypatch.delenv(STATIC, raising=False)
    html = worst_pairs(table(), SPEC)._repr_mimebundle_()[0]["text/html"]
    menu = json.JSONDecoder().raw_decode(html[html.index('"updatemenus":') + len('"updatemenus":') :])[0][0]
    assert menu["buttons"][menu["active"]]["label"] == "sorted by lost"
    shown = menu["buttons"][menu["active"]]["args"][0]["cells.values"][0]
    assert shown[0] == ["a.jpg", "b.jpg"]
