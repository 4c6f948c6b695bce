"""Scores of the same images under no rule, a plain one and searched ones."""

from dataclasses import dataclass

from severstal.evaluation.bootstrap import PairedDifference


@dataclass(frozen=True)
class WeightedScore:
    """Weighted means of the Dice over all pairs.

    Attributes:
        found: score of the searched rules.
        plain: score of threshold 0.5 without a minimum area.
        all_empty: score of the all-empty baseline.
    """

    found: float
    plain: float
    all_empty: float


@dataclass(frozen=True)
class RuleScores:
    """Scores of searched rules beside their baselines, each from 0 to 1.

    Attributes:
        all_empty: score of the all-empty baseline, a submission without any mask.
        plain: score of threshold 0.5 without a minimum area.
        cross_fitted: score of rules searched on the other folds: the unbiased estimate.
        searched: score of rules searched on these same images: biased upwards.
        over_all_empty: paired difference of the cross-fitted score from `all_empty`.
        over_plain: paired difference of the cross-fitted score from `plain`.
        weighted: the cross-fitted score, `plain` and `all_empty` in the weighted mean that was optimised;
            None where all images have equal weight.
    """

    all_empty: float
    plain: float
    cross_fitted: float
    searched: float
    over_all_empty: PairedDifference
    over_plain: PairedDifference
    weighted: WeightedScore | None = None

    @property
    def optimism(self) -> float:
        """The bias of scoring rules on the images that they were searched on."""
        return self.searched - self.cross_fitted

    @property
    def verdict(self) -> str:
        """State in one sentence whether the search beats plain 0.5.

        Example:
            >>> gain = PairedDifference(0.012, 0.004, 0.02, 0.999)
            >>> RuleScores(0.85, 0.88, 0.892, 0.9, gain, gain).verdict
            'The search gains 0.0120 over plain 0.5 (95 % interval +0.0040 to +0.0200): significant.'
        """
        gain = self.over_plain
        verb = "gains" if gain.mean >= 0 else "loses"
        real = "significant" if gain.is_significant else "not significant, the interval contains 0"
        return (
            f"The search {verb} {abs(gain.mean):.4f} over plain 0.5 (95 % interval {gain.low:+.4f} to "
            f"{gain.high:+.4f}): {real}."
        )
