"""Everything that a scorecard says, computed once."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from severstal.competition.budget import Budget, Loss, spend
from severstal.competition.metric import Score
from severstal.competition.scored import ScoredPairs
from severstal.competition.spec import Spec
from severstal.decision.crossfit import CrossFit
from severstal.decision.summary import Summary
from severstal.errors import SeverstalError
from severstal.evaluation.bootstrap import Interval, interval
from severstal.report.scorecard.calibration import Calibration, calibrate
from severstal.report.scorecard.counts import ClassCount, count_classes
from severstal.report.scorecard.worth import RuleWorth, judge_rules


@dataclass(frozen=True)
class Yardstick:
    """The score over a part of the images.

    Attributes:
        images: how many.
        score: over their pairs, also by class.
        interval: of the score.
    """

    images: int
    score: Score
    interval: Interval


@dataclass(frozen=True)
class Scorecard:
    """A score with what it is made of, how far it may be off, and where the missing points went.

    Attributes:
        title: what was scored, in a few words.
        spec: shape and classes of the pictures.
        images: how many were scored.
        units: how many groups of images were resampled; as many as images where each stands alone.
        score: over all pairs, also by class.
        interval: 95 % interval of the score.
        class_intervals: that of each class's score.
        budget: where the missing points went.
        counts: images with each class, as expected, predicted and in truth.
        calibration: of the class probabilities; None where they are not known.
        worth: what the searched rules are worth; None where none were searched.
        test_like: the score on the images most like the test set; None where they are not known.
        notes: one line for each thing that a reader of the figures has to know.
    """

    title: str
    spec: Spec
    images: int
    units: int
    score: Score
    interval: Interval
    class_intervals: tuple[Interval, ...]
    budget: Budget
    counts: tuple[ClassCount, ...]
    calibration: Calibration | None
    worth: RuleWorth | None
    test_like: Yardstick | None
    notes: tuple[str, ...]

    @property
    def resampled(self) -> str:
        """What the intervals were resampled by, in words."""
        if self.units < self.images:
            return f"{self.units:,} groups of images"
        return f"{self.images:,} images"

    def to_dict(self) -> dict[str, Any]:
        """All figures as values that JSON knows: those of `Score.to_dict` and, beside them, the others.

        None stands for nan and for what is not known.
        """
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
        if self.worth is not None:
            value["rules"] = {**asdict(self.worth), "optimism": self.worth.optimism}
        if self.test_like is not None:
            ends = _ends(self.test_like.interval)
            value["test_like"] = {
                "images": self.test_like.images,
                "interval": ends,
                **self.test_like.score.to_dict(),
            }
        return _without_nan(value)


def make_scorecard(
    pairs: ScoredPairs,
    title: str,
    class_probability: np.ndarray | None = None,
    test_like: np.ndarray | None = None,
    worth: RuleWorth | None = None,
    notes: Sequence[str] = (),
) -> Scorecard:
    """Work out everything that a scorecard says.

    Args:
        pairs: as they were scored.
        title: what was scored, in a few words.
        class_probability: (N, C) uint8, 0 to 255 for 0 to 1; None leaves calibration and expected counts out.
        test_like: (N,) bool, the images most like the test set, for a second yardstick.
        worth: what the searched rules are worth.
        notes: one line for each thing that a reader of the figures has to know.

    Raises:
        SeverstalError: there is no image.

    Example:
        >>> spec = Spec("tiles", (4, 4), ("hole",))
        >>> pairs = ScoredPairs(("a.jpg", "b.jpg"), spec, *np.array([[[5], [0]], [[10], [0]], [[10], [0]]]))
        >>> card = make_scorecard(pairs, "two tiles")
        >>> card.score.score, card.interval.low, card.budget.whole.outlines, card.resampled
        (0.75, 0.5, 0.25, '2 images')
    """
    if not len(pairs):
        raise SeverstalError(f"{title}: no image to score: give at least one")
    notes = list(notes)
    if class_probability is None:
        notes.append("calibration and expected counts are left out: they need class probabilities")
    if not pairs.grouped:
        notes.append("intervals take every image for itself: no groups of near-duplicates are known")
    yardstick = None
    if test_like is not None and np.any(test_like):
        part = pairs.take(np.asarray(test_like, bool))
        yardstick = Yardstick(len(part), part.score, interval(part.dice, part.groups))
    present = pairs.true > 0
    return Scorecard(
        title=title,
        spec=pairs.spec,
        images=len(pairs),
        units=len(np.unique(pairs.groups)),
        score=pairs.score,
        interval=interval(pairs.dice, pairs.groups),
        class_intervals=tuple(interval(column[:, None], pairs.groups) for column in pairs.dice.T),
        budget=spend(pairs.intersection, pairs.predicted, pairs.true),
        counts=count_classes(pairs.predicted, pairs.spec, class_probability, pairs.true),
        calibration=None if class_probability is None else calibrate(class_probability, present),
        worth=worth,
        test_like=yardstick,
        notes=tuple(notes),
    )


def crossfit_scorecard(
    summary: Summary, fitted: CrossFit, folds: pd.DataFrame, title: str
) -> tuple[ScoredPairs, Scorecard]:
    """The scorecard of a run: each image drawn by the rules that were searched without its fold.

    Args:
        summary: of the out-of-fold maps, that `fitted` was searched on.
        fitted: the cross-fitted rules.
        folds: `folds.csv`, of these images and maybe others: `ImageId`, `fold`, `group` and, where known,
            `test_like`.
        title: what was scored, in a few words.

    Returns:
        The pairs, to be saved as the run's `oof/pairs.csv`, and their scorecard.

    Raises:
        SeverstalError: an image of the summary is not in `folds`.
    """
    dealt = folds.set_index("ImageId")
    absent = [name for name in summary.names if name not in dealt.index]
    if absent:
        raise SeverstalError(
            f"image {absent[0]} is in no fold ({len(absent):,} in all): delete folds.csv and run again"
        )
    dealt = dealt.loc[list(summary.names)]
    groups, numbers = (dealt[column].to_numpy() for column in ("group", "fold"))
    areas = (fitted.intersection, fitted.predicted, fitted.true)
    pairs = ScoredPairs(summary.names, summary.spec, *areas, groups, numbers)
    test_like = dealt["test_like"].to_numpy() if "test_like" in dealt else None
    worth = judge_rules(summary, fitted, groups)
    return pairs, make_scorecard(pairs, title, summary.class_probability, test_like, worth, fitted.notes)


def _ends(span: Interval) -> list[float]:
    return [span.low, span.high]


def _loss(loss: Loss) -> dict[str, float | int]:
    return {**asdict(loss), "total": loss.total}


def _without_nan(value: Any) -> Any:
    """The same value, None for nan."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value
