"""The score of rules, from the summary of the maps alone."""

import numpy as np

from severstal.competition.metric import Score, score_pairs
from severstal.decision.gate import gated_area, reached_levels
from severstal.decision.levels import NEVER
from severstal.decision.rules import Rules
from severstal.decision.summary import Summary


def pair_areas(summary: Summary, rules: Rules) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Areas of the masks that rules draw, for `metric.pair_dice` and `metric.score_pairs`.

    Gate, thresholds and minimum area are followed exactly. Components, holes and overlaps cannot be seen in a
    summary: `min_component`, `fill_holes` and `exclusive` are left out.

    Returns:
        (N, C) int32 pixels of the intersections, of the drawn and of the true masks.

    Raises:
        SeverstalError: the rules are for other classes.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> from severstal.decision.rules import plain_rules
        >>> spec = Spec("tiny", (1, 4), ("hole",))
        >>> areas = np.repeat([4, 2, 0], [1, 200, 55]).astype(np.int32).reshape(1, 1, 256)
        >>> summary = Summary(("a.jpg",), spec, areas, areas // 2, np.int32([[2]]), np.uint8([[200]]))
        >>> [each.tolist() for each in pair_areas(summary, plain_rules(spec))]
        [[[1]], [[2]], [[2]]]
    """
    rules.require(summary.spec)
    predicted = np.zeros_like(summary.true)  # (N, C)
    intersections = np.zeros_like(summary.true)
    images = np.arange(len(summary))
    for index, rule in enumerate(rules.rules):
        probability = summary.class_probability[:, index]
        high, low = (reached_levels(rule.gate, value)[probability] for value in (rule.high, rule.low))
        area = np.where(high < NEVER, summary.areas[images, index, np.minimum(high, NEVER - 1)], 0)
        drawn = (area > 0) & (gated_area(rule.gate, area, probability) >= rule.min_area)
        rows, levels = images[drawn], low[drawn]
        predicted[rows, index] = summary.areas[rows, index, levels]
        intersections[rows, index] = summary.intersections[rows, index, levels]
    return intersections, predicted, summary.true


def score_rules(summary: Summary, rules: Rules) -> Score:
    """The score that `draw.apply` would reach on the maps of a summary; see `pair_areas`.

    Raises:
        SeverstalError: the rules are for other classes.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> from severstal.decision.rules import plain_rules
        >>> spec = Spec("tiny", (1, 4), ("hole",))
        >>> areas = np.repeat([4, 2, 0], [1, 200, 55]).astype(np.int32).reshape(1, 1, 256)
        >>> summary = Summary(("a.jpg",), spec, areas, areas // 2, np.int32([[2]]), np.uint8([[200]]))
        >>> score_rules(summary, plain_rules(spec)).score
        0.5
    """
    return score_pairs(*pair_areas(summary, rules), summary.spec)
