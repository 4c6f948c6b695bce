"""The margin of every decision: how far the pair is from getting a mask, or from losing it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from severstal.competition.metric import pair_dice
from severstal.decision.gate import OPEN, reached_levels
from severstal.decision.levels import MAP_LEVELS
from severstal.decision.rules import ClassRule, Rules
from severstal.decision.score import pair_areas
from severstal.decision.summary import Summary


def decision_margins(summary: Summary, rules: Rules) -> np.ndarray:
    """Return each pair's signed distance from its decision: the change of probability that would reverse it.

    The highest threshold at which the map still has the minimum area, minus the threshold of the rule; with a
    veto at most the class probability minus the veto's.

    Args:
        summary: summary of the maps.
        rules: rules for the same classes.

    Returns:
        (N, C) float64 from about -1 to 1, at least 0 where the pair gets a mask.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> from severstal.decision.rules import plain_rules
        >>> spec = Spec("tiny", (1, 4), ("hole",))
        >>> areas = np.repeat([4, 2, 0], [1, 153, 102]).astype(np.int32).reshape(1, 1, 256)
        >>> summary = Summary(("a.jpg",), spec, areas, areas, np.int32([[2]]), np.uint8([[200]]))
        >>> decision_margins(summary, plain_rules(spec)).round(2)  # the map reaches 0.6
        array([[0.1]])
    """
    rules.require(summary.spec)
    found = np.empty(summary.true.shape)
    for index, rule in enumerate(rules.rules):
        probability = summary.class_probability[:, index].astype(np.int64)
        needed = np.full(len(summary), max(1, rule.min_area), np.float64)
        if rule.gate.mode == "area":
            needed *= rule.gate.value - (rule.gate.value - 1) * (probability / 255)
        enough = summary.areas[:, index] >= np.ceil(needed - 1e-6)[:, None]
        highest = np.count_nonzero(enough, axis=1) - 1
        found[:, index] = (highest - _without_veto(rule, rule.high)[probability]) / (MAP_LEVELS - 1)
        if rule.gate.mode == "veto":
            least = int(np.argmax(reached_levels(rule.gate, rule.high) < MAP_LEVELS))
            found[:, index] = np.minimum(found[:, index], (probability - least) / (MAP_LEVELS - 1))
    return found


def _without_veto(rule: ClassRule, value: float) -> np.ndarray:
    """The level that a map must reach, by class probability, without the veto: (256,)."""
    return reached_levels(OPEN if rule.gate.mode == "veto" else rule.gate, value)


def close_calls(summary: Summary, rules: Mapping[int, Rules], folds: np.ndarray) -> pd.DataFrame:
    """Measure the margin of every decision, and whether the rules of all folds agree on it.

    Only gate, thresholds and minimum area are considered, not the steps after them (components, holes,
    exclusive classes).

    Args:
        summary: summary of the out-of-fold maps.
        rules: rules for the images of each fold, by its number, such as `CrossFit.rules`.
        folds: (N,) fold of each image of the summary.

    Returns:
        One row per pair, the smallest margin first: `ImageId`, `ClassId`; `margin` under the rules of the
        image's own fold, see `decision_margins`; `drawn`, whether these predict a mask; `votes`, how many of
        the folds' rules do, out of `folds`; `defect`, whether there is one; `dice`; and `otherwise`, the Dice
        of the opposite decision.

    Example:
        `close_calls(summary, fitted.rules, folds).head()` are the pairs with the smallest margins.
    """
    shape = summary.true.shape
    votes, margin = np.zeros(shape, np.int64), np.empty(shape)
    dice, otherwise, drawn = np.empty(shape), np.empty(shape), np.empty(shape, bool)
    for fold, each in rules.items():
        own = np.asarray(folds) == fold
        inside, area, true = pair_areas(summary, each)
        votes += area > 0
        part = summary.take(own)
        # Without veto and minimum area the rule draws the mask that the opposite decision would have drawn.
        bare = [
            replace(rule, min_area=0, gate=OPEN if rule.gate.mode == "veto" else rule.gate, high=rule.low)
            for rule in each.rules
        ]
        would = pair_dice(*pair_areas(part, replace(each, rules=tuple(bare))))
        margin[own], drawn[own] = decision_margins(part, each), area[own] > 0
        dice[own] = pair_dice(inside[own], area[own], true[own])
        otherwise[own] = np.where(area[own] > 0, true[own] == 0, np.where(true[own] > 0, would, 0))
    classes = shape[1]
    table = pd.DataFrame(
        {
            "ImageId": np.repeat(np.array(summary.names, dtype=object), classes),
            "ClassId": np.tile(np.array(summary.spec.class_ids, np.int64), len(summary)),
            "margin": margin.ravel(),
            "drawn": drawn.ravel(),
            "votes": votes.ravel(),
            "folds": len(rules),
            "defect": (summary.true > 0).ravel(),
            "dice": dice.ravel(),
            "otherwise": otherwise.ravel(),
        }
    ).astype({"ImageId": "str"})
    return table.iloc[np.argsort(table["margin"].abs(), kind="stable")].reset_index(drop=True)


def split_votes(calls: pd.DataFrame) -> pd.Series:
    """Return whether the rules of the folds disagree, by row: bool, one value per pair.

    Example:
        >>> split_votes(pd.DataFrame({"votes": [0, 1, 2], "folds": 2})).tolist()
        [False, True, False]
    """
    return (calls["votes"] > 0) & (calls["votes"] < calls["folds"])
