"""The score of each fold's network on its held-out images."""

import numpy as np
import pandas as pd

from severstal.decision.crossfit import CrossFit
from severstal.evaluation.bootstrap import interval


def score_folds(fitted: CrossFit, folds: np.ndarray, groups: np.ndarray) -> pd.DataFrame:
    """Score the network of each fold on its held-out images; on the test images they form an ensemble.

    Args:
        fitted: the cross-fitted rules of the run's out-of-fold maps.
        folds: (N,) fold of each image, whose network predicted it.
        groups: (N,) group of each image; images of a group are resampled together.

    Returns:
        One row per fold: `weight` on the test images, `images` held out, and on these the scores `all_empty`
        (of the baseline) and `score` (of the network) with the ends `low` and `high` of its 95 % interval.

    Example:
        `score_folds(fitted, folds, groups).loc[0, "score"]` is the score of the first fold's network.
    """
    numbers = np.unique(folds)
    rows = {}
    for fold in numbers.tolist():
        held_out = folds == fold
        ends = interval(fitted.dice[held_out], groups[held_out])
        rows[fold] = {
            "weight": 1 / len(numbers),
            "images": int(held_out.sum()),
            "all_empty": float((fitted.true[held_out] == 0).mean()),
            "score": ends.mean,
            "low": ends.low,
            "high": ends.high,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("network of fold")
