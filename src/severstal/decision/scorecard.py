"""The scorecard of a run: cross-fitted rules beside their baselines, on the out-of-fold maps."""

import numpy as np
import pandas as pd

from severstal.competition.metric import pair_dice
from severstal.competition.scored import ScoredPairs
from severstal.decision.crossfit import CrossFit
from severstal.decision.rules import plain_rules
from severstal.decision.score import pair_areas
from severstal.decision.summary import Summary
from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import paired
from severstal.evaluation.rule_scores import RuleScores
from severstal.evaluation.scorecard import Scorecard, build_scorecard


def compare_with_baselines(summary: Summary, fitted: CrossFit, groups: np.ndarray) -> RuleScores:
    """Score cross-fitted rules beside the all-empty baseline, plain 0.5 and rules that saw the images.

    Args:
        summary: summary that `fitted` was searched on.
        fitted: the rules of each fold, and the areas that they predict on its images.
        groups: (N,) group of each image; images of a group are resampled together.

    Example:
        `compare_with_baselines(summary, fitted, groups).verdict` says whether the search pays.
    """
    plain = pair_dice(*pair_areas(summary, plain_rules(summary.spec)))
    all_empty = (fitted.true == 0).astype(np.float64)
    return RuleScores(
        all_empty=fitted.score.all_empty,
        plain=fitted.plain.score,
        cross_fitted=fitted.score.score,
        searched=fitted.searched.score,
        over_all_empty=paired(fitted.dice, all_empty, groups),
        over_plain=paired(fitted.dice, plain, groups),
        weighted=fitted.weighted,
    )


def crossfit_scorecard(
    summary: Summary, fitted: CrossFit, folds: pd.DataFrame, title: str
) -> tuple[ScoredPairs, Scorecard]:
    """Build the scorecard of a run: each image is decided by the rules that were searched without its fold.

    Args:
        summary: summary of the out-of-fold maps that `fitted` was searched on.
        fitted: the cross-fitted rules.
        folds: `folds.csv`, of these images and possibly others: `ImageId`, `fold`, `group` and, where known,
            `test_like`.
        title: short name of what was scored.

    Returns:
        The pairs, to be saved as the run's `oof/pairs.csv`, and their scorecard.

    Raises:
        SeverstalError: an image of the summary is not in `folds`.

    Example:
        `pairs, card = crossfit_scorecard(summary, fitted, folds, "a run: out of fold, cross-fitted")`
    """
    table = folds.set_index("ImageId")
    absent = [name for name in summary.names if name not in table.index]
    if absent:
        raise SeverstalError(
            f"image {absent[0]} is in no fold ({len(absent):,} in all): delete folds.csv and run again"
        )
    table = table.loc[list(summary.names)]
    groups, numbers = (table[column].to_numpy() for column in ("group", "fold"))
    areas = (fitted.intersection, fitted.predicted, fitted.true)
    pairs = ScoredPairs(summary.names, summary.spec, *areas, groups, numbers)
    test_like = table["test_like"].to_numpy() if "test_like" in table else None
    rules = compare_with_baselines(summary, fitted, groups)
    return pairs, build_scorecard(pairs, title, summary.class_probability, test_like, rules, fitted.notes)
