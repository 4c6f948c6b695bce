"""Permuted class numbers, found from the shapes of the masks."""

from itertools import permutations
from typing import NamedTuple

import numpy as np

from severstal.doctor.features import SHAPE_FEATURES
from severstal.doctor.reference import FEATURE_COUNTS
from severstal.doctor.significance import Significance, measure_significance


def log_probabilities(name: str) -> np.ndarray:
    """Log probability of each value of a feature in each class of the Severstal masks: (classes, values)."""
    counts = np.array(FEATURE_COUNTS[name], float) + 1
    return np.log(counts / counts.sum(axis=1, keepdims=True))


class Renaming(NamedTuple):
    """A way in which classes may have been renumbered.

    Attributes:
        true: `true[k - 1]` is the class that rows of class k are really of.
        weight: significance, over the rows that it renumbers.
    """

    true: tuple[int, ...]
    weight: Significance


def find_renaming(features: dict[str, np.ndarray], labels: np.ndarray) -> Renaming:
    """Find the renumbering of the classes under which the shapes of the masks are most likely.

    Args:
        features: features of the masks, from `measure_features`.
        labels: the class of each mask, (masks,) int64 from 1.

    Returns:
        The most likely one that renumbers any class; its `weight` says whether it is more likely than none.
    """
    classes = len(FEATURE_COUNTS["area"])
    logs = sum(log_probabilities(name)[:, features[name]] for name in SHAPE_FEATURES)  # (classes, masks)
    # Counting first lets all the permutations be compared by sums of a few numbers.
    table = np.array([[logs[true, labels == k + 1].sum() for true in range(classes)] for k in range(classes)])
    present = {k for k in range(classes) if (labels == k + 1).any()}
    others = [
        true
        for true in permutations(range(classes))
        # Renumbering a class that has no mask says nothing.
        if any(true[k] != k for k in present)
    ]
    if not others:
        return Renaming(tuple(range(1, classes + 1)), Significance(0.0, 0.0, 0))
    best = max(others, key=lambda true: (table[range(classes), true].sum(), _fixed(true)))
    truth = np.array(best)[labels - 1]
    moved = truth != labels - 1
    masks = np.flatnonzero(moved)
    gains = logs[truth[masks], masks] - logs[labels[masks] - 1, masks]
    return Renaming(tuple(true + 1 for true in best), measure_significance(gains))


def expected_gain(labels: np.ndarray, true: tuple[int, ...]) -> float:
    """The mean gain to be expected if the classes are renumbered in that way, over the rows it renumbers."""
    gains = []
    for label, class_id in enumerate(true, start=1):
        if label != class_id:
            gain = sum(_divergence(name, class_id, label) for name in SHAPE_FEATURES)
            gains += [gain] * int((labels == label).sum())
    return float(np.mean(gains)) if gains else 0.0


def _divergence(name: str, one: int, other: int) -> float:
    logs = log_probabilities(name)
    return float((np.exp(logs[one - 1]) * (logs[one - 1] - logs[other - 1])).sum())


def _fixed(true: tuple[int, ...]) -> int:
    return sum(place == class_id for place, class_id in enumerate(true))
