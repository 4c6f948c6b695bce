"""What several runs are worth together."""

import numpy as np
import pytest

from severstal.competition.metric import pair_dice, score_pairs
from severstal.competition.spec import Spec
from severstal.decision.crossfit import CrossFit
from severstal.inference.ensemble import Overlap, select_weights
from severstal.report.ensemble import folds_as_members, member_table, member_weights


def draw_overlap(members, classes, images=24):
    """Members that see the truth, each with noise of its own, the first the least."""
    rng = np.random.default_rng(members)
    maps = rng.random((images, classes, 1, 60)) * 0.5
    true = (maps[:, :, 0] > 0.25).astype(float)
    maps = np.clip(maps + rng.normal(0, 0.1, (images, classes, members, 60)), 0, 1)
    maps[:, :, 0] = (maps[:, :, 0] + true) / 2
    runs = ("a run with quite a long name", *(f"run-{k}" for k in range(1, members)))
    products = np.einsum("ncip,ncjp->ncij", maps, maps)
    return Overlap(runs, products, np.einsum("ncip,ncp->nci", maps, true), true.sum(2), 60)


def spec_of(classes):
    return Spec("drawn", (6, 10), tuple(f"class {k}" for k in range(1, classes + 1)))


@pytest.mark.parametrize("members", [2, 3, 9])
def test_weights_and_worth(readable, members):
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
    assert table.index.tolist() == [*overlap.runs, "all alike", "selected"]
    assert table["weight"].sum() == pytest.approx(1)


def test_a_fold_is_a_member():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, (40, 2)) * 10
    predicted = np.where(rng.random((40, 2)) < 0.7, true, 5)
    inside = np.minimum(true, predicted)
    score = score_pairs(inside, predicted, true, spec_of(2))
    fitted = CrossFit({}, inside, predicted, true, score, score, score, None, None, [])
    folds = np.arange(40) % 4
    table = folds_as_members(fitted, folds, np.arange(40))
    assert table["weight"].tolist() == [0.25] * 4
    assert table["images"].tolist() == [10] * 4
    assert table.loc[2, "score"] == pytest.approx(pair_dice(inside, predicted, true)[folds == 2].mean())
    assert table.loc[2, "nothing"] == (true[folds == 2] == 0).mean()
    assert (table["low"] <= table["score"]).all()
    assert (table["score"] <= table["high"]).all()
