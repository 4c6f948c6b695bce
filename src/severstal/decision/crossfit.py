"""Cross-fitting: the score of searched rules on images that they were not searched on.

The rules of each fold are searched on the images of the other folds, and scored on its own. The score of
rules on the very images they were searched on is higher by the optimism of the search.
"""

from dataclasses import dataclass, replace

import numpy as np

from severstal.competition.metric import Score, pair_dice, score_pairs
from severstal.decision.objective import weighted_mean
from severstal.decision.rules import Rules, plain_rules
from severstal.decision.score import pair_areas, score_rules
from severstal.decision.search import SearchResult, SearchSettings, absent_classes, search_any, search_rules
from severstal.decision.summary import Summary
from severstal.errors import SeverstalError
from severstal.evaluation.rule_scores import WeightedScore
from severstal.progress import progress


@dataclass(frozen=True)
class CrossFit:
    """Rules searched once for each fold, on the images of the others.

    Attributes:
        rules: rules for the images of each fold, by its number.
        intersection: (N, C) int32 pixels of each pair as its held-out image was drawn, in summary order.
        predicted: (N, C) int32 pixels of the drawn masks.
        true: (N, C) int32 pixels of the true masks.
        score: score of the held-out images, an honest estimate for new images.
        searched: score of rules searched on all images, on these same images; optimistic.
        plain: score of plain 0.5 without a minimum area.
        weighted: `score` and `plain` in the weighted mean that the search used; None without weights.
        result: the search on all images, whose rules are the ones to use.
        notes: one line for each class and fold whose rule is not the best found, with the reason.
    """

    rules: dict[int, Rules]
    intersection: np.ndarray
    predicted: np.ndarray
    true: np.ndarray
    score: Score
    searched: Score
    plain: Score
    weighted: WeightedScore | None
    result: SearchResult
    notes: list[str]

    @property
    def dice(self) -> np.ndarray:
        """(N, C) Dice of each pair as its held-out image was drawn, for `bootstrap`."""
        return pair_dice(self.intersection, self.predicted, self.true)

    @property
    def optimism(self) -> float:
        """Score on the images that the rules were searched on, less that on held-out images."""
        return self.searched.score - self.score.score


def cross_fit(
    summary: Summary,
    folds: np.ndarray,
    settings: SearchSettings | None = None,
    weights: np.ndarray | None = None,
) -> CrossFit:
    """Search the rules of each fold's images on the other folds.

    Args:
        summary: summary of maps and truth.
        folds: (N,) whole numbers, the fold of each image of the summary.
        settings: settings of the search; None for the defaults.
        weights: (N,) weights of the images, as for `search_rules`; None for equal weights.

    Raises:
        SeverstalError: all images are of one fold; or as for `search_rules` on all of them.
        ValueError: there are more or fewer folds than images.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> spec, clean = Spec("tiny", (4, 10), ("hole",)), np.repeat([False, True], 10)
        >>> areas = np.repeat([[[40, 9, 0]]], [1, 200, 55], axis=2).repeat(20, axis=0).astype(np.int32)
        >>> areas[clean, :, 1:] //= 3
        >>> true = np.where(clean[:, None], 0, 9).astype(np.int32)
        >>> inside = np.minimum(areas, true[:, :, None])
        >>> names, sure = tuple("abcdefghijklmnopqrst"), np.full_like(true, 200, np.uint8)
        >>> summary = Summary(names, spec, areas, inside, true, sure)
        >>> fitted = cross_fit(summary, np.arange(20) % 2)
        >>> fitted.score.score, fitted.plain.score, fitted.optimism
        (1.0, 0.5, 0.0)
    """
    folds = np.asarray(folds)
    if folds.shape != (len(summary),):
        raise ValueError(f"folds are of shape {folds.shape}; there are {len(summary)} images")
    result = search_rules(summary, settings, weights)
    numbers = np.unique(folds).tolist()
    if len(numbers) < 2:
        raise SeverstalError(
            f"all {len(summary):,} images are of fold {numbers[0]}: predict another fold too, to search "
            "rules on one and score them on the other"
        )
    intersection, predicted = np.zeros_like(summary.true), np.zeros_like(summary.true)
    rules, notes, absent = {}, [], absent_classes(summary)
    for fold in progress(numbers, "cross-fit rules", unit="fold"):
        held_out = folds == fold
        others = None if weights is None else np.asarray(weights)[~held_out]
        found = search_any(summary.take(~held_out), settings, others, absent)
        rules[fold] = found.rules
        notes += [f"without fold {fold}: {note}" for note in found.notes]
        intersection[held_out], predicted[held_out], _ = pair_areas(summary.take(held_out), found.rules)
    score = score_pairs(intersection, predicted, summary.true, summary.spec)
    weighted = result.weighted
    if weighted is not None:
        dice = pair_dice(intersection, predicted, summary.true)
        weighted = replace(weighted, found=weighted_mean(dice, weights))
    return CrossFit(
        rules,
        intersection,
        predicted,
        summary.true,
        score,
        result.found,
        score_rules(summary, plain_rules(summary.spec)),
        weighted,
        result,
        notes,
    )
