"""The rules that score best on maps whose truth is known: threshold and minimum area, class by class."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from severstal.competition.metric import Score, pair_dice, score_pairs
from severstal.decision.rules import PLAIN, ClassRule, Rules, level, plain_rules, threshold
from severstal.decision.summary import Summary
from severstal.errors import SeverstalError
from severstal.progress import progress

# Where a network is sure of almost everything, rules beyond these fit the noise of a few pictures.
LOWEST, HIGHEST = 0.05, 0.95

# Fewer defects than this, and one picture decides more than a fifth of what is searched for.
MIN_POSITIVES = 5

# About what one of the competition's 12,568 images is worth: less tells two rules apart by chance alone.
TOLERANCE = 1e-4

# Makes a step of minimum area weigh as much as a level: twice the area as much as 0.1 of the threshold.
STEPS_PER_DOUBLING = 25


@dataclass(frozen=True)
class ClassSearch:
    """What a search over one class found, and the landscape it was found in.

    Attributes:
        rule: found, `high` equal to `low`; plain 0.5 where there are too few defects to search on.
        positives: images with a defect of the class.
        thresholds: (L,) probabilities searched, ascending.
        min_areas: (M,) minimum areas of the landscape in pixels, ascending, evenly spaced in the logarithm.
        scores: (L, M) mean Dice with each threshold and minimum area.
        best: (L,) mean Dice with each threshold and the best of all minimum areas, also those between
            `min_areas`, that draw something; that of drawing nothing where a threshold draws nothing.
    """

    rule: ClassRule
    positives: int
    thresholds: np.ndarray
    min_areas: np.ndarray
    scores: np.ndarray
    best: np.ndarray

    @property
    def scores_at_rule(self) -> np.ndarray:
        """(M,) mean Dice with the rule's threshold and each of `min_areas`."""
        return self.scores[np.searchsorted(self.thresholds, self.rule.high)]


@dataclass(frozen=True)
class SearchResult:
    """The rules found for all classes.

    Attributes:
        rules: found.
        classes: the search of each class.
        found: score of `rules`, also by class; its `all_empty` is the score of submitting nothing.
        plain: score of plain 0.5 without a minimum area.
        notes: one line on each class whose rule was not simply the best found.
    """

    rules: Rules
    classes: tuple[ClassSearch, ...]
    found: Score
    plain: Score
    notes: list[str]


def score_rules(summary: Summary, rules: Rules) -> Score:
    """The score that `rules.apply` would reach on the maps of a summary, without reading them.

    Raises:
        ValueError: the rules are for other classes.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> spec = Spec("tiny", (1, 4), ("hole",))
        >>> areas = np.repeat([4, 2, 0], [1, 200, 55]).astype(np.int32).reshape(1, 1, 256)
        >>> summary = Summary(("a.jpg",), spec, areas, areas // 2, np.int32([[2]]))
        >>> score_rules(summary, plain_rules(spec)).score
        0.5
    """
    if rules.classes != summary.spec.classes:
        raise ValueError(f"rules for {rules.classes}; the summary has {summary.spec.classes}")
    predicted = np.zeros_like(summary.true)  # (N, C)
    intersections = np.zeros_like(summary.true)
    for index, rule in enumerate(rules.rules):
        drawn = summary.areas[:, index, level(rule.high)] >= max(1, rule.min_area)
        predicted[:, index] = summary.areas[:, index, level(rule.low)] * drawn
        intersections[:, index] = summary.intersections[:, index, level(rule.low)] * drawn
    return score_pairs(intersections, predicted, summary.true, summary.spec)


def search_rules(summary: Summary) -> SearchResult:
    """Search the rule of each class.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> spec = Spec("tiny", (1, 4), ("hole",))
        >>> areas = np.repeat([4, 2, 0], [1, 200, 55]).astype(np.int32).reshape(1, 1, 256)
        >>> search_rules(Summary(("a.jpg",), spec, areas, areas // 2, np.int32([[2]]))).notes
        ['hole: 1 image with this class, fewer than 5: plain 0.5 without a minimum area']
    """
    classes, notes = [], []
    for index, name in enumerate(progress(summary.spec.classes, "search rules", unit="class")):
        areas, intersections = summary.areas[:, index], summary.intersections[:, index]  # (N, 256)
        search = search_class(areas, intersections, summary.true[:, index])
        classes.append(search)
        if search.positives < MIN_POSITIVES:
            images = "image" if search.positives == 1 else "images"
            notes.append(
                f"{name}: {search.positives} {images} with this class, fewer than {MIN_POSITIVES}: "
                "plain 0.5 without a minimum area"
            )
        elif search.rule.min_area > summary.spec.pixels:
            notes.append(
                f"{name}: every rule that draws it scores less than drawing nothing: it is never drawn"
            )
    rules = Rules(summary.spec.classes, tuple(search.rule for search in classes))
    found, plain = score_rules(summary, rules), score_rules(summary, plain_rules(summary.spec))
    return SearchResult(rules, tuple(classes), found, plain, notes)


def search_class(areas: np.ndarray, intersections: np.ndarray, true: np.ndarray) -> ClassSearch:
    """Score every threshold from 0.05 to 0.95 with every minimum area, and choose amid the best.

    Of all rules within 1e-4 of the best score, the one that lies deepest among them is chosen, in thresholds
    and in the logarithm of minimum areas: other rolls of steel shift both, and in the middle of a plateau a
    shift costs least. Drawing nothing is chosen only where it beats every rule that draws something.

    Args:
        areas: (N, 256) int, pixels of each image's map that are at least each level.
        intersections: (N, 256) int, those of them that are in the true mask.
        true: (N,) int, pixels of the true mask.

    Raises:
        SeverstalError: there is no image.

    Example:
        >>> areas = np.repeat([[40, 9, 0]], [1, 200, 55], axis=1).repeat(8, axis=0)
        >>> true = np.int64([9, 9, 9, 9, 9, 0, 0, 0])
        >>> areas[5:, 1:] = areas[5:, 1:] // 3
        >>> search_class(areas, np.minimum(areas, true[:, None]), true).rule
        ClassRule(high=0.415, low=0.415, min_area=6)
    """
    if not len(true):
        raise SeverstalError("no image to search rules on: name at least one")
    levels = np.arange(level(LOWEST), math.floor(HIGHEST * 255) + 1)
    empty = float(np.mean(true == 0))
    by_level = np.ascontiguousarray(areas[:, levels].T), np.ascontiguousarray(intersections[:, levels].T)
    steps = [_steps(area, intersection, true) for area, intersection in zip(*by_level, strict=True)]
    drawn_best = np.array([scores.max(initial=-math.inf) for _, scores in steps])  # (L,)

    pixels = int(areas[0, 0])
    count = 1 + math.ceil(STEPS_PER_DOUBLING * math.log2(pixels))
    grid = np.geomspace(1, pixels, count).round()
    # With the best rule itself in the grid, there is a plateau around it, were it of a single cell.
    min_areas = np.unique(np.append(grid, _middle_of_best(*steps[drawn_best.argmax()]))).astype(np.int64)
    min_areas[0] = 0  # the same as 1, and plainer
    scores = np.stack([np.append(scores, empty)[np.searchsorted(area, min_areas)] for area, scores in steps])
    draws = np.stack([min_areas <= area.max(initial=-1) for area, _ in steps])  # (L, M)

    if np.count_nonzero(true) < MIN_POSITIVES:
        rule = PLAIN
    elif drawn_best.max() < empty:
        rule = ClassRule(PLAIN.high, PLAIN.low, pixels + 1)
    else:
        row, column = _deepest(draws & (scores >= drawn_best.max() - TOLERANCE))
        chosen = threshold(int(levels[row]))
        rule = ClassRule(chosen, chosen, int(min_areas[column]))
    thresholds = np.array([threshold(int(each)) for each in levels])
    return ClassSearch(
        rule,
        int(np.count_nonzero(true)),
        thresholds,
        min_areas,
        scores,
        np.where(np.isfinite(drawn_best), drawn_best, empty),
    )


def _steps(area: np.ndarray, intersection: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct areas, ascending, and the score with each as the minimum area.

    A minimum between two of them scores as the greater one; beyond the last nothing is drawn.
    """
    drawn = area > 0
    emptied = true == 0  # (N,) also the Dice of each image if nothing is drawn on it
    gain = pair_dice(intersection[drawn], area[drawn], true[drawn]) - emptied[drawn]
    distinct, place = np.unique(area[drawn], return_inverse=True)
    gains = np.bincount(place, weights=gain, minlength=len(distinct))
    # With a minimum area, all images of at least that area are drawn.
    return distinct, emptied.mean() + gains[::-1].cumsum()[::-1] / len(true)


def _middle_of_best(area: np.ndarray, scores: np.ndarray) -> int:
    """The middle of the minimum areas that score best."""
    if not len(area):
        return 1
    best = int(scores.argmax())
    below = area[best - 1] if best else 0
    return int(below + 1 + area[best]) // 2


def _deepest(plateau: np.ndarray) -> tuple[int, int]:
    """The True cell that is farthest from all that is False; of several in one patch the middle one."""
    depth = cv2.distanceTransform(np.pad(plateau, 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    depth = depth[1:-1, 1:-1]
    _, patches = cv2.connectedComponents(plateau.astype(np.uint8))
    patch = patches[np.unravel_index(depth.argmax(), depth.shape)]
    ridge = np.argwhere((depth == depth.max()) & (patches == patch))
    row, column = ridge[np.square(ridge - ridge.mean(axis=0)).sum(axis=1).argmin()]
    return int(row), int(column)
