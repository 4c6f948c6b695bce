"""What searching on the images most like the test set changes, beside searching on all images alike."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from severstal.competition.metric import pair_dice
from severstal.decision.crossfit import CrossFit
from severstal.decision.score import pair_areas
from severstal.decision.summary import Summary
from severstal.evaluation.bootstrap import interval, paired


def objectives(
    summary: Summary,
    searches: Mapping[str, CrossFit],
    folds: np.ndarray,
    test_like: np.ndarray,
    groups: np.ndarray,
) -> pd.DataFrame:
    """Compare the rules of two searches that weigh the images differently, on images held out from both.

    Args:
        summary: that both searched.
        searches: the two, by what to call them; the second is compared with the first.
        folds: (N,) fold of each image.
        test_like: (N,) bool, the images most like the test set.
        groups: (N,) group of each image; images of a group are resampled together.

    Returns:
        Columns `all images` and, where there is one, `most test-like images`; rows the scores of both
        with their 95 % intervals, what the second gains over the first, whether that is more than chance, the
        score of submitting nothing, and how many images there are.
    """
    dice = {name: held_out_dice(summary, fitted, folds) for name, fitted in searches.items()}
    first, second = dice.values()
    nothing = (summary.true == 0).astype(np.float64)
    table = {}
    every = np.ones(len(summary), bool)
    for title, rows in (("all images", every), ("most test-like images", np.asarray(test_like, bool))):
        if not rows.any():
            continue
        column = {}
        for name, each in dice.items():
            ends = interval(each[rows], groups[rows])
            column[name] = f"{ends.mean:.4f} ({ends.low:.4f} to {ends.high:.4f})"
        gain = paired(second[rows], first[rows], groups[rows])
        column["the second gains"] = f"{gain.mean:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
        column["is that real?"] = "yes" if gain.is_significant else "not to be told from chance"
        column["submitting nothing"] = f"{nothing[rows].mean():.4f}"
        column["images"] = f"{rows.sum():,}"
        table[title] = column
    return pd.DataFrame(table)


def held_out_dice(summary: Summary, fitted: CrossFit, folds: np.ndarray) -> np.ndarray:
    """Score each image by the rules that were searched without its fold, as far as a summary shows them.

    Args:
        summary: that was searched.
        fitted: rules of each fold.
        folds: (N,) fold of each image.

    Returns:
        (N, C) Dice of each pair.
    """
    dice = np.empty(summary.true.shape)
    for fold, rules in fitted.rules.items():
        held_out = folds == fold
        dice[held_out] = pair_dice(*pair_areas(summary.take(held_out), rules))
    return dice
