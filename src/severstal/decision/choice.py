"""The choice among rules of nearly equal scores: the one in the flattest region of the search.

The best score on labelled images is partly chance, and other rolls of steel shift maps and areas. A rule is
judged by the mean of the landscape around it: its expected score if its values are slightly off. Of all rules
whose paired difference from the best one is within one standard error over the images, the one with the
highest such mean is taken. If even that one does not gain significantly over never drawing the class, the
class is not drawn (`SIGNIFICANT`).
"""

import numpy as np

from severstal.decision.pairs import NOT_DRAWN, PairTable, PairTables
from severstal.decision.rules import ClassRule
from severstal.decision.smooth import smooth
from severstal.decision.survey import Landscape, area_curve

# About the weight of one of the competition's 12,568 images: smaller differences are not significant.
_TOLERANCE = 1e-4

SIGNIFICANT = 2.0
"""Standard errors by which a class must gain to be drawn.

The best of millions of rules gains even where the maps are unrelated to the truth. Of such classes, as
`benchmarks/significance.py` simulates them, 66 % are drawn with one standard error, 8 % with 1.5, none of 144
with 2.
Classes with good maps lose nothing by it, from 100 images on; with 2.5 they would. As n defects drawn equally
well without a false alarm gain about the square root of n standard errors, it takes at least four.
"""

# Cells with the highest smoothed scores that are considered, of millions; if all of them lose too much, the
# best rule is an isolated spike.
_CANDIDATES = 1024

_SAME = 1e-6  # resolution of a mean Dice in float32


def best_rule(pairs: PairTables, landscape: Landscape) -> ClassRule:
    """Return the first rule of the highest score, with the middle of the minimum areas that reach it.

    Args:
        pairs: tables of the class's pairs; at least one pair with a defect can be drawn.
        landscape: scores of these pairs under all rules.

    Example:
        >>> from severstal.decision.gate import OPEN
        >>> from severstal.decision.pairs import make_pairs
        >>> from severstal.decision.survey import Grid, survey
        >>> areas = np.repeat([[9, 4, 0], [9, 2, 0]], [1, 200, 55], axis=1)
        >>> true, sure = np.array([4, 0]), np.uint8([200, 200])
        >>> pairs = make_pairs(areas, np.minimum(areas, true[:, None]), true, sure, np.full(2, 0.5), 13)
        >>> best_rule(pairs, survey(pairs, Grid((OPEN,), (0.2, 0.5), np.array([0, 8]))))
        ClassRule(high=0.2, low=0.2, min_area=3, gate=Gate(mode='none', value=0.0), ...)
    """
    grid, best = landscape.grid, landscape.best
    place, row, column = np.argwhere(best >= best.max() - _SAME**2)[0]
    gate, high, low = grid.gates[place], grid.thresholds[row], grid.thresholds[column]
    min_areas, scores = area_curve(pairs, gate, high, low)
    # A minimum area above the largest pair with a defect draws no defect at all.
    scores = np.where(min_areas <= pairs.defects.reach(gate, (high,)).max(), scores, -np.inf)
    top = int(scores.argmax())
    below = int(min_areas[top - 1]) if top else -1
    return ClassRule(high, low, (below + 1 + int(min_areas[top])) // 2, gate)


def flattest_rule(pairs: PairTables, landscape: Landscape) -> ClassRule:
    """Return the rule of the highest smoothed score among those not significantly worse than the best rule.

    Of rules with practically equal smoothed scores, those with the simplest kind of gate are taken, and of
    these the one in the middle.

    Args:
        pairs: tables of the class's pairs; at least one pair with a defect can be drawn.
        landscape: scores of these pairs under all rules.

    Returns:
        A cell of the landscape; the best rule itself if none of the 1,024 highest smoothed scores qualifies.
    """
    best = best_rule(pairs, landscape)
    allowed = landscape.draws[..., None] & np.isfinite(landscape.scores)
    smoothed = np.where(allowed, smooth(landscape), -np.inf)
    flat = smoothed.ravel()
    count = min(_CANDIDATES, np.count_nonzero(np.isfinite(flat)))
    top = np.argpartition(flat, -count)[-count:]
    top = top[np.argsort(-flat[top], kind="stable")]
    reference = _added(pairs, best)

    def is_chance(place: int) -> bool:
        loss, error = _paired(pairs, reference, _added(pairs, _cell(landscape, place)))
        return loss <= max(error, _TOLERANCE)

    place = next((place for place in top.tolist() if is_chance(place)), None)
    if place is None:
        return best
    # The class's whole gain is known to one standard error: a tenth of that between two rules means nothing.
    _, error = _paired(pairs, reference, np.zeros_like(reference))
    middle = _middle(landscape, smoothed, flat[place] - max(error / 10, _SAME))
    return _cell(landscape, middle if is_chance(middle) else place)


def significance(pairs: PairTables, rule: ClassRule) -> float:
    """Gain of a rule over never drawing the class, in standard errors over the images.

    Returns:
        Infinity where every image gains the same; 0 or less where the rule has no gain.

    Example:
        >>> from severstal.decision.pairs import make_pairs
        >>> areas = np.repeat([[9, 4, 0]] * 4, [1, 200, 55], axis=1)
        >>> true, sure = np.array([4, 4, 4, 0]), np.uint8([200] * 4)
        >>> pairs = make_pairs(areas, areas // 2, true, sure, np.full(4, 0.25), 13)
        >>> round(significance(pairs, ClassRule(0.5, 0.5, 0)), 2)  # three gain a half, one loses 1
        0.38
    """
    added = _added(pairs, rule)
    gain, error = _paired(pairs, added, np.zeros_like(added))
    if gain <= 0:
        return 0.0
    return gain / error if error else float("inf")


def _middle(landscape: Landscape, smoothed: np.ndarray, least: float) -> int:
    """The middle of the cells that reach a smoothed score, of those with the plainest kind of gate."""
    eligible = smoothed >= least
    modes = np.array([gate.mode for gate in landscape.grid.gates])
    plainest = modes[eligible.any(axis=(1, 2, 3)).argmax()]
    cells = np.argwhere(eligible & (modes == plainest)[:, None, None, None])
    middle = cells[np.square(cells - cells.mean(axis=0)).sum(axis=1).argmin()]
    return int(np.ravel_multi_index(tuple(middle), smoothed.shape))


def _cell(landscape: Landscape, place: int) -> ClassRule:
    grid = landscape.grid
    gate, high, area, low = np.unravel_index(place, landscape.scores.shape)
    high, low = grid.thresholds[high], grid.thresholds[low]
    return ClassRule(high, low, int(grid.min_areas[area]), grid.gates[gate])


def _added(pairs: PairTables, rule: ClassRule) -> np.ndarray:
    """Return what each pair adds to the score under a rule, those with a defect first: (P + n,)."""

    def drawn(part: PairTable) -> np.ndarray:
        return part.reach(rule.gate, (rule.high,))[0] >= max(rule.min_area, NOT_DRAWN + 1)

    gains = pairs.defects.at(pairs.gains, rule.gate, (rule.low,))[:, 0] * drawn(pairs.defects)
    return np.append(gains, -pairs.clean.weights * drawn(pairs.clean))


def _paired(pairs: PairTables, best: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Return how much less a rule scores than another, and the standard error of that difference."""
    weights = np.append(pairs.defects.weights, pairs.clean.weights)
    difference = best - other
    loss = float(difference.sum())
    # The sum of (difference - weight * loss) squared, also over the images that neither rule can draw.
    variance = np.square(difference).sum() - 2 * loss * (weights @ difference) + loss**2 * pairs.squares
    return loss, float(np.sqrt(max(variance, 0.0)))
