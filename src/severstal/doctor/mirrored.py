"""Flips, found from where defects lie and how outlines end at the borders of a picture."""

import numpy as np

from severstal.doctor.displacements import Displacement
from severstal.doctor.features import flipped
from severstal.doctor.permuted import log_probabilities
from severstal.doctor.significance import Significance, measure_significance

_CHANGED: dict[Displacement, tuple[str, ...]] = {
    "flipped left to right": ("x",),
    "flipped top to bottom": ("y", "top", "bottom"),
    "turned upside down": ("x", "y", "top", "bottom"),
}
"""The features that a flip changes."""

_LIKE = 0.06  # nats that a feature's values may differ from the reference's, beyond what chance explains


def measure_flips(features: dict[str, np.ndarray], labels: np.ndarray) -> dict[Displacement, Significance]:
    """Measure the evidence for each flip, by where the masks of the Severstal data set lie.

    Args:
        features: features of the masks, from `measure_features`.
        labels: the class of each mask, (masks,) int64 from 1.

    Returns:
        The significance of each flip, over one gain per mask.
    """
    weights = {}
    for flip, names in _CHANGED.items():
        turned = _turn(features, flip)
        gains = [_likelihood(name, turned, labels) - _likelihood(name, features, labels) for name in names]
        weights[flip] = measure_significance(np.sum(gains, axis=0))
    return weights


def looks_like_reference(features: dict[str, np.ndarray], labels: np.ndarray, flip: Displacement) -> bool:
    """Return whether the masks, once that flip is undone, are distributed like the reference.

    Predicted or drawn masks end at the borders in ways of their own, from which nothing follows.
    """
    turned = _turn(features, flip)
    shares = np.bincount(labels - 1, minlength=len(log_probabilities("x"))) / len(labels)
    for name in _CHANGED[flip]:
        expected = shares @ np.exp(log_probabilities(name))  # (values,)
        found = np.bincount(turned[name], minlength=len(expected)) / len(labels)
        some = found > 0
        difference = float((found[some] * np.log(found[some] / expected[some])).sum())
        if difference > _LIKE + 2 * len(expected) / len(labels):
            return False
    return True


def _turn(features: dict[str, np.ndarray], flip: Displacement) -> dict[str, np.ndarray]:
    names = _CHANGED[flip]
    return flipped(features, left_to_right="x" in names, top_to_bottom="y" in names)


def _likelihood(name: str, features: dict[str, np.ndarray], labels: np.ndarray) -> np.ndarray:
    return log_probabilities(name)[labels - 1, features[name]]  # (masks,)
