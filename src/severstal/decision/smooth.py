"""The mean of a landscape around each cell: the expected score of a rule with slightly other values."""

from itertools import pairwise

import numpy as np

from severstal.decision.gate import Gate
from severstal.decision.survey import Landscape

# Standard deviations by which the best rule may shift on new images: of thresholds, in probability, and of
# minimum areas, in doublings. The winner's minimum areas differ from the usual ones by about a doubling.
THRESHOLD_SHIFT = 0.05
AREA_SHIFT = 1.0

_NEXT_GATE = 0.5  # weight of a neighbouring gate of the same mode; the gate itself has weight 1


def smooth(landscape: Landscape) -> np.ndarray:
    """Average a landscape over the neighbourhood of each cell.

    Neighbours are weighted by a Gaussian over both thresholds and the logarithm of the minimum area, and by
    half for the next weaker and the next stronger gate. Beyond the highest and the lowest threshold and the
    strongest gate of a mode the score counts as the all-empty baseline, so that no rule looks flat because
    the search ends beside it.

    Returns:
        (G, T, M, T) float32, without meaning where low is above high.

    Example:
        >>> from severstal.decision.survey import Grid
        >>> grid = Grid((Gate(),), (0.4, 0.5, 0.6), np.array([0, 100]))
        >>> scores = np.where(np.tri(3), np.float32(1), np.float32(np.nan))[None, :, None].repeat(2, axis=2)
        >>> flat = Landscape(grid, scores, scores[..., 0] > 0, scores[:, :, 0], empty=0.5)
        >>> smooth(flat)[0, [1, 2], 0, [1, 2]].round(2)
        array([1.  , 0.94], dtype=float32)
    """
    grid = landscape.grid
    gained = np.nan_to_num(landscape.scores - np.float32(landscape.empty))
    shape = gained.shape
    by_threshold, share = _threshold_bells(np.array(grid.thresholds))
    logs = np.log2(np.maximum(grid.min_areas, 1))
    by_area = _gaussian(logs, logs, AREA_SHIFT)
    by_area = (by_area / by_area.sum(axis=1, keepdims=True)).astype(np.float32)

    gained = by_area @ (gained @ by_threshold)
    gained = by_threshold @ gained.reshape(shape[0], shape[1], -1)
    gained = (_gate_weights(grid.gates) @ gained.reshape(shape[0], -1)).reshape(shape)
    return gained / share[:, None] + np.float32(landscape.empty)


def _gaussian(one: np.ndarray, other: np.ndarray, deviation: float) -> np.ndarray:
    """(n, m) Gaussian weights of the distances of values, 0 beyond three standard deviations."""
    distance = np.abs(one[:, None] - other) / deviation
    return np.where(distance <= 3 + 1e-9, np.exp(-np.square(distance) / 2), 0)


def _threshold_bells(thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights of neighbours along one threshold, and their sum along both, including those beyond the grid.

    Returns:
        (T, T), and (T, T) by high and low threshold, float32.
    """
    step = (thresholds[-1] - thresholds[0]) / max(len(thresholds) - 1, 1) or THRESHOLD_SHIFT
    beyond = step * np.arange(1, int(3 * THRESHOLD_SHIFT / step) + 1)
    wide = np.concatenate([thresholds[0] - beyond[::-1], thresholds, thresholds[-1] + beyond])
    weights = _gaussian(thresholds, wide, THRESHOLD_SHIFT)
    share = weights @ np.tri(len(wide)) @ weights.T  # total weight of the cells with low <= high
    within = _gaussian(thresholds, thresholds, THRESHOLD_SHIFT)
    # Far from the cells with low <= high both parts of the quotient are 0: avoid 0 / 0.
    return within.astype(np.float32), np.maximum(share, np.finfo(np.float32).tiny).astype(np.float32)


def _gate_weights(gates: tuple[Gate, ...]) -> np.ndarray:
    """(G, G) weights of each gate's neighbours: its mode's next weaker and next stronger gate.

    A row adds up to less than 1 for the strongest of a mode, since its next is not known.
    """
    weights, strongest = np.eye(len(gates)), np.zeros((len(gates), 1))
    for mode in {gate.mode for gate in gates} - {"none"}:
        chain = [place for place, gate in enumerate(gates) if gate.mode in ("none", mode)]
        chain.sort(key=lambda place: (gates[place].mode != "none", gates[place].value))
        strongest[chain[-1]] = _NEXT_GATE
        for weaker, stronger in pairwise(chain):
            weights[weaker, stronger] = weights[stronger, weaker] = _NEXT_GATE
    return (weights / (weights.sum(axis=1, keepdims=True) + strongest)).astype(np.float32)
