"""What kinds of gates are worth."""

import numpy as np
import pytest

from severstal.decision.crossfit import cross_fit
from severstal.decision.gate import OPEN
from severstal.decision.search import SearchSettings
from severstal.report.thresholds.gates import gate_worth, gates


@pytest.fixture(scope="module")
def worth(searched):
    settings = SearchSettings(
        searched.fitted.result.classes[0].landscape.grid.gates,
        searched.fitted.result.classes[0].landscape.grid.thresholds,
    )
    return gate_worth(searched.summary, searched.folds, settings)


def test_no_kind_is_left_out(worth):
    assert list(dict.fromkeys(worth["mode"])) == ["none", "veto", "soft", "area"]


@pytest.mark.parametrize("mode", ["none", "veto", "area"])
def test_each_kind_stands_beside_none(searched, worth, mode):
    grid = searched.fitted.result.classes[0].landscape.grid
    allowed = tuple(gate for gate in grid.gates if gate == OPEN or gate.mode == mode)
    alone = cross_fit(searched.summary, searched.folds, SearchSettings(allowed, grid.thresholds))
    rows = worth[worth["mode"] == mode]
    assert rows["class_id"].tolist() == [1, 2, 3]
    for column, score in (("cross_fitted", alone.score), ("searched", alone.searched)):
        assert np.allclose(rows[column], [part.score - part.all_empty for part in score.classes])


def test_the_picture(searched, worth, readable):
    figure = gates(worth, searched.spec)
    readable(figure, ("above nothing",))
    row = worth[(worth["class_id"] == 1) & (worth["mode"] == "veto")].iloc[0]
    dots = [tuple(line.get_xydata()[0]) for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert (row["cross_fitted"], 1.0) in dots
    assert (row["searched"], 1.0) in dots


def test_any_data_set(any_set, readable):
    settings = SearchSettings((OPEN,), (0.3, 0.5))
    readable(gates(gate_worth(any_set.summary, any_set.folds, settings), any_set.spec))
