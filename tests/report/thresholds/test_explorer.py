"""The sliders of threshold and minimum area."""

import re

import numpy as np
import pytest

from severstal.competition.spec import Spec
from severstal.decision.rules import PLAIN_RULE
from severstal.report.errors.panels import PairRow
from severstal.report.live import STATIC
from severstal.report.thresholds.explorer import map_explorer, mask_areas

SPEC = Spec("tiny", (32, 128), ("hole", "crack"))


def squares(name: str) -> np.ndarray:
    bits = np.zeros(SPEC.image_shape, np.uint8)
    bits[4:20, 10:40] = 1
    return bits


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
