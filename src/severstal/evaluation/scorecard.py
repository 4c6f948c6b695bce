"""A score with its intervals, error budget, class counts and calibration: the numbers of a scorecard."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from severstal.competition.budget import ErrorBudget, LostPoints, error_budget
from severstal.competition.metric import Score
from severstal.competition.scored import ScoredPairs
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import Interval, interval
from severstal.evaluation.class_counts import ClassCount, count_classes
from severstal.evaluation.reliability import ReliabilityByClass, measure_reliability
from severstal.evaluation.rule_scores import RuleScores


@dataclass(frozen=True)
class SubsetScore:
    """The score over some of the images.

    Attributes:
        images: number of images.
        score: score over their pairs, also by class.
        interval: 95 % interval of the score.
    """

    images: int
    score: Score
    interval: Interval


@dataclass(frozen=True)
class Scorecard:
    """A score with its parts, its uncertainty and its error budget.

    Attributes:
        title: short name of what was scored.
        spec: shape and classes of the pictures.
        images: number of scored images.
        units: number of groups that were resampled; equal to `images` where each image is its own group.
        score: score over all pairs, also by class.
        interval: 95 % interval of the score.
        class_intervals: 95 % interval of each class's score.
        budget: points lost to missed defects, false alarms and outlines.
        counts: images with each class, as expected, predicted and in truth.
        calibration: calibration of the class probabilities; None where they are not known.
        rules: scores of the searched rules beside their baselines; None where none were searched.
        test_like: the score on the images most like the test set; None where they are not known.
        notes: caveats, one line each.
    """

    title: str
    spec: Spec
    images: int
    units: int
    score: Score
    interval: Interval
    class_intervals: tuple[Interval, ...]
    budget: ErrorBudget
    counts: tuple[ClassCount, ...]
    calibration: ReliabilityByClass | None
    rules: RuleScores | None
    test_like: SubsetScore | None
    notes: tuple[str, ...]

    @property
    def resampled(self) -> str:
        """The unit of resampling in words, such as "2 images"."""
        if self.units < self.images:
            return f"{self.units:,} groups of images"
        return f"{self.images:,} images"

    def to_dict(self) -> dict[str, Any]:
        """All numbers as JSON values: the keys of `Score.to_dict` and more; None for nan and for unknown."""
        value = self.score.to_dict()
        for index, part in enumerate(value["classes"]):
            part["interval"] = _ends(self.class_intervals[index])
            part["budget"] = _loss(self.budget.classes[index])
            part["expected"] = self.counts[index].expected
            if self.calibration is not None:
                part["calibration"] = self.calibration.classes[index].to_dict()
        value |= {
            "title": self.title,
            "images": self.images,
            "resampled": self.units,
            "interval": _ends(self.interval),
            "budget": _loss(self.budget.whole),
            "calibration": None if self.calibration is None else self.calibration.whole.to_dict(),
            "rules": None,
            "test_like": None,
            "notes": list(self.notes),
        }
        if self.rules is not None:
            value["rules"] = {**asdict(self.rules), "optimism": self.rules.optimism}
        if self.test_like is not None:
            ends = _ends(self.test_like.interval)
            value["test_like"] = {
                "images": self.test_like.images,
                "interval": ends,
                **self.test_like.score.to_dict(),
            }
        return _without_nan(value)


def build_scorecard(
    pairs: ScoredPairs,
    title: str,
    class_probability: np.ndarray | None = None,
    test_like: np.ndarray | None = None,
    rules: RuleScores | None = None,
    notes: Sequence[str] = (),
) -> Scorecard:
    """Compute the scorecard of scored pairs.

    Args:
        pairs: areas of the predicted and the true masks, with groups and folds.
        title: short name of what was scored.
        class_probability: (N, C) uint8, 0 to 255 for 0 to 1; None omits calibration and expected counts.
        test_like: (N,) bool, the images most like the test set, which are scored separately too.
        rules: scores of the searched rules beside their baselines.
        notes: caveats, one line each.

    Raises:
        SeverstalError: there is no image.

    Example:
        >>> spec = Spec("tiles", (4, 4), ("hole",))
        >>> pairs = ScoredPairs(("a.jpg", "b.jpg"), spec, *np.array([[[5], [0]], [[10], [0]], [[10], [0]]]))
        >>> card = build_scorecard(pairs, "two tiles")
        >>> card.score.score, card.interval.low, card.budget.whole.outlines, card.resampled
        (0.75, 0.5, 0.25, '2 images')
    """
    if not len(pairs):
        raise SeverstalError(f"{title}: no image to score: give at least one")
    notes = list(notes)
    if class_probability is None:
        notes.append("calibration and expected counts are left out: they need class probabilities")
    if not pairs.grouped:
        notes.append("intervals treat all images as independent: no groups of near-duplicates are known")
    subset = None
    if test_like is not None and np.any(test_like):
        part = pairs.take(np.asarray(test_like, bool))
        subset = SubsetScore(len(part), part.score, interval(part.dice, part.groups))
    present = pairs.true > 0
    return Scorecard(
        title=title,
        spec=pairs.spec,
        images=len(pairs),
        units=len(np.unique(pairs.groups)),
        score=pairs.score,
        interval=interval(pairs.dice, pairs.groups),
        class_intervals=tuple(interval(column[:, None], pairs.groups) for column in pairs.dice.T),
        budget=error_budget(pairs.intersection, pairs.predicted, pairs.true),
        counts=count_classes(pairs.predicted, pairs.spec, class_probability, pairs.true),
        calibration=None if class_probability is None else measure_reliability(class_probability, present),
        rules=rules,
        test_like=subset,
        notes=tuple(notes),
    )


def _ends(span: Interval) -> list[float]:
    return [span.low, span.high]


def _loss(loss: LostPoints) -> dict[str, float | int]:
    return {**asdict(loss), "total": loss.total}


def _without_nan(value: Any) -> Any:
    """The same value, None for nan."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value
