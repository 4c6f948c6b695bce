"""Gains of plain, searched and cross-fitted rules over the all-empty baseline, by class."""

import numpy as np
import pandas as pd

from severstal.competition.metric import pair_dice
from severstal.decision.crossfit import CrossFit
from severstal.decision.rules import plain_rules
from severstal.decision.score import pair_areas
from severstal.decision.summary import Summary
from severstal.evaluation.bootstrap import paired


def gains_over_all_empty(summary: Summary, fitted: CrossFit, groups: np.ndarray) -> pd.DataFrame:
    """Score plain, searched and cross-fitted rules, and their gains over the all-empty baseline.

    The first two are computed from the summary; the last from the masks of `fitted`, the only ones with the
    steps that a recipe adds by hand (components, holes, exclusive classes).

    Args:
        summary: summary that `fitted` was searched on.
        fitted: cross-fit, with the rules of each fold and those of all images.
        groups: (N,) group of each image; images of a group are resampled together.

    Returns:
        One row per rule and class, class 0 being all: `rules`, `class_id`, `score`, `all_empty`, `gain` of
        the score over that, and the ends `low` and `high` of its 95 % interval.

    Example:
        `gains_over_all_empty(summary, fitted, groups).query("class_id == 0")`
    """
    spec = summary.spec
    dice = {
        "plain": pair_dice(*pair_areas(summary, plain_rules(spec))),
        "searched": pair_dice(*pair_areas(summary, fitted.result.rules)),
        "cross_fitted": fitted.dice,
    }
    all_empty = (summary.true == 0).astype(np.float64)
    rows = []
    for name, each in dice.items():
        for class_id in (0, *spec.class_ids):
            taken = slice(None) if class_id == 0 else slice(class_id - 1, class_id)
            gain = paired(each[:, taken], all_empty[:, taken], groups)
            rows.append(
                {
                    "rules": name,
                    "class_id": class_id,
                    "score": float(each[:, taken].mean()),
                    "all_empty": float(all_empty[:, taken].mean()),
                    "gain": gain.mean,
                    "low": gain.low,
                    "high": gain.high,
                }
            )
    return pd.DataFrame(rows)
