"""Two searches that weigh the images differently, compared on images held out from both."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from severstal.competition.metric import pair_dice
from severstal.decision.crossfit import CrossFit
from severstal.decision.score import pair_areas
from severstal.decision.summary import Summary
from severstal.evaluation.bootstrap import interval, paired


def compare_objectives(
    summary: Summary,
    searches: Mapping[str, CrossFit],
    folds: np.ndarray,
    test_like: np.ndarray,
    groups: np.ndarray,
) -> pd.DataFrame:
    """Compare the rules of two searches on held-out images: all of them, and those most like the test set.

    Args:
        summary: summary that both searches were made on.
        searches: two cross-fits by name; the second is compared with the first.
        folds: (N,) fold of each image.
        test_like: (N,) bool, the images most like the test set.
        groups: (N,) group of each image; images of a group are resampled together.

    Returns:
        One row for `all images` and, unless there is none, one for `most test-like images`: `images`, their
        number; `all_empty`, the score of that baseline; the score under each search's name, with the ends
        `NAME_low` and `NAME_high` of its 95 % interval; `gain` of the second over the first, `gain_low`,
        `gain_high`, and whether it is `significant`.

    Example:
        `compare_objectives(summary, {"plain": a, "weighted": b}, folds, test_like, groups)["gain"]`
    """
    dice = {name: held_out_dice(summary, fitted, folds) for name, fitted in searches.items()}
    first, second = dice.values()
    table = {}
    every = np.ones(len(summary), bool)
    for title, rows in (("all images", every), ("most test-like images", np.asarray(test_like, bool))):
        if not rows.any():
            continue
        row: dict[str, object] = {
            "images": int(rows.sum()),
            "all_empty": float((summary.true[rows] == 0).mean()),
        }
        for name, each in dice.items():
            ends = interval(each[rows], groups[rows])
            row |= {name: ends.mean, f"{name}_low": ends.low, f"{name}_high": ends.high}
        gain = paired(second[rows], first[rows], groups[rows])
        row |= {"gain": gain.mean, "gain_low": gain.low, "gain_high": gain.high}
        table[title] = row | {"significant": gain.is_significant}
    return pd.DataFrame.from_dict(table, orient="index")


def held_out_dice(summary: Summary, fitted: CrossFit, folds: np.ndarray) -> np.ndarray:
    """Dice of each image under the rules that were searched without its fold, computed from the summary.

    Args:
        summary: summary that was searched.
        fitted: rules of each fold.
        folds: (N,) fold of each image.

    Returns:
        (N, C) Dice of each pair.

    Example:
        `held_out_dice(summary, fitted, folds).mean()` is the cross-fitted score.
    """
    dice = np.empty(summary.true.shape)
    for fold, rules in fitted.rules.items():
        held_out = folds == fold
        dice[held_out] = pair_dice(*pair_areas(summary.take(held_out), rules))
    return dice
