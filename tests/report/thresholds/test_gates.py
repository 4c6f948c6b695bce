"""The gain of each mode of gate has its marks."""

import pytest

from severstal.decision.gate import OPEN
from severstal.decision.gate_modes import compare_gate_modes
from severstal.decision.search import SearchSettings
from severstal.report.thresholds.gates import gate_gains


@pytest.fixture(scope="module")
def gains(searched):
    settings = SearchSettings(
        searched.fitted.result.classes[0].landscape.grid.gates,
        searched.fitted.result.classes[0].landscape.grid.thresholds,
    )
    return compare_gate_modes(searched.summary, searched.folds, settings)


def test_both_scores_are_marked(searched, gains, readable):
    figure = gate_gains(gains, searched.spec)
    readable(figure, ("change in Dice",))
    row = gains[(gains["class_id"] == 1) & (gains["mode"] == "veto")].iloc[0]
    dots = [tuple(line.get_xydata()[0]) for line in figure.axes[0].lines if line.get_marker() == "o"]
    without = gains[(gains["class_id"] == 1) & (gains["mode"] == "none")].iloc[0]["cross_fitted"]
    assert (row["cross_fitted"] - without, 1.0) in dots
    assert (row["searched"] - without, 1.0) in dots


def test_all_classes_have_one_scale_and_those_never_predicted_none(searched, gains):
    figure = gate_gains(gains, searched.spec)
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    drawn = gains.groupby("class_id")[["cross_fitted", "searched"]].max().max(axis=1) > 0
    assert len(figure.axes) == drawn.sum()
    assert ("3 never." in figure.texts[1].get_text().replace("\n", " ")) == (not drawn[3])


def test_any_data_set(any_set, readable):
    settings = SearchSettings((OPEN,), (0.3, 0.5))
    readable(gate_gains(compare_gate_modes(any_set.summary, any_set.folds, settings), any_set.spec))
