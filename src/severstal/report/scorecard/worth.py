"""What searched rules are worth: beside submitting nothing, plain 0.5, and what the search made believe."""

from dataclasses import dataclass

import numpy as np

from severstal.competition.metric import pair_dice
from severstal.decision.crossfit import CrossFit
from severstal.decision.objective import WeightedScore
from severstal.decision.rules import plain_rules
from severstal.decision.score import pair_areas
from severstal.decision.summary import Summary
from severstal.evaluation.bootstrap import Difference, paired


@dataclass(frozen=True)
class RuleWorth:
    """Scores of the same images by ever more of a rule, each from 0 to 1.

    Attributes:
        nothing: submitting nothing.
        plain: 0.5 without a minimum area.
        cross_fitted: rules searched on the other folds: what may be hoped for.
        searched: rules searched on these same images: what they are not to be judged by.
        over_nothing: the cross-fitted score less `nothing`, resampled in pairs.
        over_plain: the cross-fitted score less `plain`, resampled in pairs.
        weighted: the cross-fitted score, `plain` and `nothing` in the weighted mean that was searched by;
            None where all images counted alike.
    """

    nothing: float
    plain: float
    cross_fitted: float
    searched: float
    over_nothing: Difference
    over_plain: Difference
    weighted: WeightedScore | None = None

    @property
    def optimism(self) -> float:
        """By how much the search on the same images scores too high."""
        return self.searched - self.cross_fitted

    @property
    def verdict(self) -> str:
        """Whether the search has been worth it, in a sentence.

        Example:
            >>> gain = Difference(0.012, 0.004, 0.02, 0.999)
            >>> RuleWorth(0.85, 0.88, 0.892, 0.9, gain, gain).verdict
            'The search gains 0.0120 over plain 0.5 (95 % interval +0.0040 to +0.0200): the gain is real.'
        """
        gain = self.over_plain
        verb = "gains" if gain.mean >= 0 else "loses"
        real = "is real" if gain.is_real else "is within chance, as the interval holds 0"
        return (
            f"The search {verb} {abs(gain.mean):.4f} over plain 0.5 (95 % interval {gain.low:+.4f} to "
            f"{gain.high:+.4f}): the {'gain' if gain.mean >= 0 else 'loss'} {real}."
        )


def judge_rules(summary: Summary, fitted: CrossFit, groups: np.ndarray) -> RuleWorth:
    """Judge the rules that a search found, on images that they were not searched on.

    Args:
        summary: that `fitted` was searched on.
        fitted: the rules of each fold, and how its images were drawn.
        groups: (N,) group of each image, drawn together or not at all.
    """
    plain = pair_dice(*pair_areas(summary, plain_rules(summary.spec)))
    nothing = (fitted.true == 0).astype(np.float64)
    return RuleWorth(
        nothing=fitted.score.all_empty,
        plain=fitted.plain.score,
        cross_fitted=fitted.score.score,
        searched=fitted.searched.score,
        over_nothing=paired(fitted.dice, nothing, groups),
        over_plain=paired(fitted.dice, plain, groups),
        weighted=fitted.weighted,
    )
