"""The curves show every value of the history."""

import numpy as np
import pytest

from severstal.report.training import _PANELS as PANELS
from severstal.report.training import learning_curves


def history(epochs, seed, **given):
    rng = np.random.default_rng(seed)
    keys = ("score", "dice_on_defects", "false_alarms")
    return [
        {
            "epoch": e,
            "loss": 1 / e,
            "all_empty": 0.8,
            "learning_rate": 5e-4 / e,
            "pictures_a_second": 40.0 + seed,
        }
        | {key: rng.random() for key in keys}
        | given
        for e in range(1, epochs + 1)
    ]


@pytest.mark.parametrize(("folds", "epochs"), [(1, 1), (5, 3), (8, 60)])
def test_each_fold_is_a_line(readable, folds, epochs):
    histories = {fold: history(epochs, fold) for fold in range(folds)}
    figure = learning_curves(histories)
    readable(figure, ("epoch", *(unit for _, _, unit, _ in PANELS)))
    for axes, (key, *_) in zip(figure.axes, PANELS, strict=True):
        lines = [line for line in axes.lines if line.get_linewidth() == 1.6]
        assert [line.get_ydata().tolist() for line in lines] == [
            [epoch[key] for epoch in epochs] for epochs in histories.values()
        ]
        looks = {(line.get_marker(), line.get_linestyle(), tuple(line.get_color())) for line in lines}
        assert len(looks) == folds
    assert 0.8 in [line.get_ydata()[0] for line in figure.axes[1].lines if line.get_linestyle() == ":"]


def test_the_best_epoch_gets_a_ring():
    epochs = history(4, 0)
    for epoch, score, dice in zip(epochs, (0.8, 0.9, 0.9, 0.9), (0.5, 0.1, 0.3, 0.3), strict=True):
        epoch |= {"score": score, "dice_on_defects": dice}
    for axes, (*_, ringed) in zip(learning_curves({0: epochs}, {0: 3}).axes, PANELS, strict=True):
        rings = [line for line in axes.lines if line.get_fillstyle() == "none"]
        assert [line.get_xdata()[0] for line in rings] == ([3] if ringed else [])


def test_what_was_not_measured_is_left_out(readable):
    unknown = {"dice_on_defects": None, "false_alarms": None, "pictures_a_second": None}
    readable(learning_curves({0: history(2, 0, **unknown), 1: []}))
    readable(learning_curves({}))
