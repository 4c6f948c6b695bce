"""Weights and soft Dice of the members are drawn as they were found."""

import numpy as np
import pytest

from severstal.inference.ensemble import Overlap, select_weights
from severstal.report.ensemble import member_table, member_weights


def draw_overlap(members, classes, images=24):
    """Members that see the truth, each with noise of its own, the first the least."""
    rng = np.random.default_rng(members)
    maps = rng.random((images, classes, 1, 60)) * 0.5
    true = (maps[:, :, 0] > 0.25).astype(float)
    maps = np.clip(maps + rng.normal(0, 0.1, (images, classes, members, 60)), 0, 1)
    maps[:, :, 0] = (maps[:, :, 0] + true) / 2
    runs = ("a run with quite a long name", *(f"run-{k}" for k in range(1, members)))
    products = np.einsum("ncip,ncjp->ncij", maps, maps)
    return Overlap(
        runs, products, np.einsum("ncip,ncp->nci", maps, true), true.sum(2), np.full(len(true), 60)
    )


@pytest.mark.parametrize("members", [2, 3, 9])
def test_weights_and_soft_dice(readable, members):
    overlap = draw_overlap(members, 3)
    selection = select_weights(overlap, np.arange(24) % 3)
    figure = member_weights(selection, [0, 1, 2])
    readable(figure, ("weight", "mean soft Dice"))
    left, right = figure.axes
    assert [bar.get_width() for bar in left.patches] == pytest.approx(selection.weights.tolist())
    by_fold = [line.get_xdata() for line in left.lines if len(line.get_xdata()) == members]
    assert any(np.allclose(line, selection.by_fold[1]) for line in by_fold)
    shown = [text.get_text() for text in right.texts]
    assert shown[-2:] == [f"{selection.uniform:.4f}", f"{selection.selected:.4f}"]
    table = member_table(selection)
    assert table.index.tolist() == [*overlap.runs, "equal weights", "selected"]
    assert table["weight"].sum() == pytest.approx(1)
