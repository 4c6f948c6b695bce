"""The rules that score best on maps whose truth is known: gate, thresholds, minimum area, class by class."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from severstal.competition.metric import Score
from severstal.decision.choice import SIGNIFICANT, best_rule, flattest_rule, significance
from severstal.decision.gate import OPEN, Gate
from severstal.decision.levels import to_level, to_threshold
from severstal.decision.objective import normalised, weighted_score
from severstal.decision.pairs import PairTables, make_pairs
from severstal.decision.rules import PLAIN_RULE, ClassRule, Rules, plain_rules
from severstal.decision.score import pair_areas, score_rules
from severstal.decision.summary import Summary
from severstal.decision.survey import Grid, Landscape, area_curve, survey
from severstal.errors import SeverstalError
from severstal.evaluation.rule_scores import WeightedScore
from severstal.progress import progress

__all__ = ["ClassSearch", "SearchResult", "SearchSettings", "pair_areas", "score_rules", "search_rules"]

# Rules beyond these thresholds would fit the noise of a few pictures.
LOWEST, HIGHEST = 0.05, 0.95

# With fewer defects than this, a single picture determines more than a fifth of the objective.
MIN_POSITIVES = 5

# A step of minimum area is 19 %, about as much as a step of threshold changes the area of a typical map.
_STEPS_PER_DOUBLING = 4

_ROUNDING = 1e-12  # bound of the rounding error of a sum of one Dice per image

GATES = (
    OPEN,
    *(Gate("veto", tenths / 10) for tenths in range(1, 10)),
    *(Gate("soft", power) for power in (0.25, 0.5, 1.0, 2.0, 4.0)),
    *(Gate("area", factor) for factor in (2.0, 3.0, 5.0, 8.0, 12.0)),
)


def thresholds_between(lowest: float, highest: float, count: int) -> tuple[float, ...]:
    """Evenly spaced thresholds, each the shortest decimal of its level.

    Example:
        >>> thresholds_between(0.05, 0.95, 3), 0.5 in thresholds_between(0.05, 0.95, 51)
        ((0.05, 0.5, 0.949), True)
    """
    # 0.95 is 242.25 levels: 242 is the last level that it does not exceed.
    levels = np.linspace(to_level(lowest), int(highest * 255 + 1e-9), count).round()
    return tuple(to_threshold(int(each)) for each in levels)


@dataclass(frozen=True)
class SearchSettings:
    """Settings of the search and of the choice of a rule.

    Attributes:
        gates: tried, the plainest first.
        thresholds: probabilities tried for `high` and for `low`, ascending; `low` is never above `high`.
        choice: "flattest" takes, of the rules within one standard error of the best, the one in the flattest
            region, and drops a class whose gain is not significant; "best" takes the best.
    """

    gates: tuple[Gate, ...] = GATES
    thresholds: tuple[float, ...] = thresholds_between(LOWEST, HIGHEST, 51)
    choice: Literal["flattest", "best"] = "flattest"


@dataclass(frozen=True)
class ClassSearch:
    """The result of the search of one class, with its landscape.

    Attributes:
        rule: found; plain 0.5, or one that draws nothing, where there are too few defects to search on.
        positives: images with a defect of the class, those of weight 0 left out.
        landscape: mean Dice over the whole grid.
        min_areas: (M,) minimum areas in pixels, ascending: the grid's and the rule's.
        scores_at_rule: (M,) mean Dice with the rule's gate and thresholds and each of `min_areas`.
    """

    rule: ClassRule
    positives: int
    landscape: Landscape
    min_areas: np.ndarray
    scores_at_rule: np.ndarray

    @property
    def best_by_threshold(self) -> np.ndarray:
        """(T,) best mean Dice with each high threshold; the all-empty baseline where no rule draws."""
        best = self.landscape.best.max(axis=(0, 2))
        return np.where(np.isfinite(best), best, self.landscape.empty)


@dataclass(frozen=True)
class SearchResult:
    """The rules found for all classes.

    Attributes:
        rules: rules of all classes.
        classes: the search of each class.
        found: score of `rules`, also by class; its `all_empty` is the all-empty baseline.
        plain: score of plain 0.5 without a minimum area.
        weighted: both scores in the weighted mean that was maximised; None where all weights were equal.
        notes: one line for each class whose rule is not the best found, with the reason.
    """

    rules: Rules
    classes: tuple[ClassSearch, ...]
    found: Score
    plain: Score
    weighted: WeightedScore | None
    notes: list[str]


def search_rules(
    summary: Summary, settings: SearchSettings | None = None, weights: np.ndarray | None = None
) -> SearchResult:
    """Search the rule of each class; one that no image has is never drawn.

    Args:
        summary: summary of maps and truth.
        settings: grid of the search, and how a rule is chosen; None for the defaults.
        weights: (N,) weights of the images, such as their likeness to the test set; None for equal weights.

    Raises:
        SeverstalError: there is no image, or the weights are impossible.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> spec = Spec("tiny", (1, 4), ("hole",))
        >>> areas = np.repeat([4, 2, 0], [1, 200, 55]).astype(np.int32).reshape(1, 1, 256)
        >>> sure = np.uint8([[200]])
        >>> summary = Summary(("a.jpg",), spec, areas, areas // 2, np.int32([[2]]), sure)
        >>> print(search_rules(summary).notes[0])
        hole: 1 image with this class, fewer than 5, is too few to search on: plain 0.5 without a minimum area
    """
    if not len(summary):
        raise SeverstalError("no image to search rules on: name at least one")
    return search_any(summary, settings, weights, absent_classes(summary))


def absent_classes(summary: Summary) -> frozenset[int]:
    """The places, from 0, of the classes that no image has."""
    return frozenset(np.flatnonzero(~summary.true.any(axis=0)).tolist())


def search_any(
    summary: Summary,
    settings: SearchSettings | None = None,
    weights: np.ndarray | None = None,
    absent: Collection[int] = (),
) -> SearchResult:
    """Search on a part of the images, which may lack a class that others have.

    Args:
        summary: summary of maps and truth of the part.
        settings: as for `search_rules`.
        weights: as for `search_rules`.
        absent: places, from 0, of the classes that no image at all has: these are never drawn.
    """
    settings = settings or SearchSettings()
    share = normalised(weights, len(summary))
    classes, notes = [], []
    for index, name in enumerate(progress(summary.spec.classes, "search rules", unit="class")):
        search, note = _search_class(summary, index, settings, share, index in absent)
        classes.append(search)
        notes += [f"{name}: {note}"] if note else []
    rules = Rules(summary.spec.classes, tuple(search.rule for search in classes))
    return SearchResult(
        rules,
        tuple(classes),
        score_rules(summary, rules),
        score_rules(summary, plain_rules(summary.spec)),
        None if weights is None else weighted_score(summary, rules, weights),
        notes,
    )


def minimum_areas(pixels: int) -> np.ndarray:
    """The minimum areas that are searched: 0, then in steps of 19 % from 1 to all pixels, int64.

    Args:
        pixels: pixels in a picture, in the largest where they differ in size.

    Example:
        >>> minimum_areas(24)[:10].tolist()
        [0, 1, 2, 3, 4, 5, 6, 7, 9, 10]
    """
    count = 1 + int(np.ceil(_STEPS_PER_DOUBLING * np.log2(pixels)))
    # Minimum areas of 0 and 1 differ only with an area gate.
    return np.unique(np.append(0, np.geomspace(1, pixels, count).round())).astype(np.int64)


def class_pairs(summary: Summary, index: int, share: np.ndarray, lowest: float = LOWEST) -> PairTables:
    """The pairs of the class at a place from 0, with (N,) weights of sum 1, for thresholds from `lowest`."""
    return make_pairs(
        summary.areas[:, index],
        summary.intersections[:, index],
        summary.true[:, index],
        summary.class_probability[:, index],
        share,
        to_level(min(lowest, PLAIN_RULE.low)),
    )


def _search_class(
    summary: Summary, index: int, settings: SearchSettings, share: np.ndarray, absent: bool
) -> tuple[ClassSearch, str]:
    """Search one class; return the search and a note, which may be empty."""
    pairs = class_pairs(summary, index, share, settings.thresholds[0])
    steps = minimum_areas(summary.pixels)
    landscape = survey(pairs, Grid(settings.gates, settings.thresholds, steps))
    positives = int(np.count_nonzero(summary.true[share > 0, index]))
    never = ClassRule(PLAIN_RULE.high, PLAIN_RULE.low, summary.spec.pixels + 1)
    note = ""
    if absent:
        rule, note = never, "no labelled image has this class: it is never drawn"
    elif positives < MIN_POSITIVES:
        rule, note = _fall_back(pairs, positives, never)
    elif landscape.best.max() < landscape.empty - _ROUNDING:
        rule, note = (
            never,
            "every rule that draws it scores less than the all-empty baseline: it is never drawn",
        )
    else:
        choose = flattest_rule if settings.choice == "flattest" else best_rule
        rule = choose(pairs, landscape)
        if settings.choice == "flattest" and (errors := significance(pairs, rule)) < SIGNIFICANT:
            rule = never
            note = (
                f"its gain is not significant, {errors:.1f} standard errors where noise may reach "
                f"{SIGNIFICANT:g}: it is never drawn"
            )
    min_areas = np.union1d(steps, [rule.min_area])
    _, scores = area_curve(pairs, rule.gate, rule.high, rule.low, min_areas)
    return ClassSearch(rule, positives, landscape, min_areas, scores), note


def _fall_back(pairs: PairTables, positives: int, never: ClassRule) -> tuple[ClassRule, str]:
    """The rule of a class with too few defects to search on.

    The gain of a rule cannot be estimated from so few; the cost of its false alarms can, from all other
    images. So the threshold 0.5 is used, unless its false alarms cost more than those few defects gain.
    """
    images = "image" if positives == 1 else "images"
    few = f"{positives} {images} with this class, fewer than {MIN_POSITIVES}, is too few to search on: "
    plain = PLAIN_RULE
    _, scores = area_curve(pairs, plain.gate, plain.high, plain.low, np.array([plain.min_area]))
    if scores[0] >= pairs.empty - _ROUNDING:
        return PLAIN_RULE, f"{few}plain 0.5 without a minimum area"
    return never, (
        f"{few}plain 0.5 would score {scores[0]:.4f}, less than the all-empty {pairs.empty:.4f}: "
        "it is never drawn"
    )
