"""Each mode of gate is scored as a search with that mode alone."""

import numpy as np
import pytest

from severstal.decision.crossfit import cross_fit
from severstal.decision.gate import OPEN
from severstal.decision.gate_modes import compare_gate_modes
from severstal.decision.search import SearchSettings


@pytest.fixture(scope="module")
def gains(searched):
    settings = SearchSettings(
        searched.fitted.result.classes[0].landscape.grid.gates,
        searched.fitted.result.classes[0].landscape.grid.thresholds,
    )
    return compare_gate_modes(searched.summary, searched.folds, settings)


def test_every_mode_is_compared(gains):
    assert list(dict.fromkeys(gains["mode"])) == ["none", "veto", "soft", "area"]


@pytest.mark.parametrize("mode", ["none", "veto", "area"])
def test_each_mode_is_searched_together_with_no_gate(searched, gains, mode):
    grid = searched.fitted.result.classes[0].landscape.grid
    allowed = tuple(gate for gate in grid.gates if gate == OPEN or gate.mode == mode)
    alone = cross_fit(searched.summary, searched.folds, SearchSettings(allowed, grid.thresholds))
    rows = gains[gains["mode"] == mode]
    assert rows["class_id"].tolist() == [1, 2, 3]
    for column, score in (("cross_fitted", alone.score), ("searched", alone.searched)):
        assert np.allclose(rows[column], [part.score - part.all_empty for part in score.classes])
