"""The curves show the history."""

import numpy as np
import pytest

from severstal.report.training import curves


def history(epochs, seed, **given):
    rng = np.random.default_rng(seed)
    return [
        {"epoch": e, "loss": 1 / e, "score": rng.random(), "all_empty": 0.8, "dice_on_defects": rng.random()}
        | given
        for e in range(1, epochs + 1)
    ]


@pytest.mark.parametrize(("folds", "epochs"), [(1, 1), (5, 3), (8, 60)])
def test_each_fold_is_a_line(readable, folds, epochs):
    histories = {fold: history(epochs, fold) for fold in range(folds)}
    figure = curves(histories)
    readable(
        figure, ("epoch", "mean loss of the epoch", "mean Dice over all pairs", "mean Dice over defects")
    )
    for axes, key in zip(figure.axes, ("loss", "score", "dice_on_defects"), strict=True):
        lines = [line for line in axes.lines if line.get_linewidth() == 1.6]
        assert [line.get_ydata().tolist() for line in lines] == [
            [epoch[key] for epoch in epochs] for epochs in histories.values()
        ]
        looks = {(line.get_marker(), line.get_linestyle(), tuple(line.get_color())) for line in lines}
        assert len(looks) == folds
    assert 0.8 in [line.get_ydata()[0] for line in figure.axes[1].lines if line.get_linestyle() == ":"]


def test_the_best_epoch_is_ringed_as_training_chooses_it():
    epochs = history(4, 0)
    for epoch, score, dice in zip(epochs, (0.8, 0.9, 0.9, 0.9), (0.5, 0.1, 0.3, 0.3), strict=True):
        epoch |= {"score": score, "dice_on_defects": dice}
    rings = [line for line in curves({0: epochs}).axes[1].lines if line.get_fillstyle() == "none"]
    assert [line.get_xdata()[0] for line in rings] == [3]


def test_a_fold_without_a_defect_or_without_an_epoch(readable):
    readable(curves({0: history(2, 0, dice_on_defects=None), 1: []}))
    readable(curves({}))
