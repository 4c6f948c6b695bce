"""Comparison of the labels of near-duplicates."""

import cv2
import numpy as np
import pandas as pd

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.data.duplicates.overlay import Overlay, lay_on

_MIN_AGREEMENT = 0.5  # Dice; the masks of true copies have 0.8 and more


def compare_labels(pairs: pd.DataFrame, masks: Masks, spec: Spec) -> pd.DataFrame:
    """Compare, for each pair of near-duplicates, the classes and the masks of its pictures.

    Args:
        pairs: near-duplicate pairs, from `find_duplicates`.
        masks: masks of all their pictures.
        spec: names the classes.

    Returns:
        The pairs with three more columns: `classes_first` and `classes_second`, ClassIds as "1 3", "" for a
        clean picture; `same_label`, the Dice of their defects of equal class, laid on each other by
        orientation, scale and shift, where both pictures reach (0 to 1; 1 where both are clean there).

    Example:
        >>> columns = ["first", "second", "orientation", "scale", "shift_y", "shift_x"]
        >>> pairs = pd.DataFrame([("a", "b", "same", 1.0, 0, 1)], columns=columns)
        >>> columns = ["ImageId", "ClassId", "EncodedPixels"]
        >>> rows = pd.DataFrame([("a", 1, "1 4"), ("b", 1, "5 2")], columns=columns)
        >>> spec = Spec("tiny", (4, 3), ("hole",))
        >>> compare_labels(pairs, Masks(rows, spec), spec).iloc[:, 6:].round(2).to_numpy().tolist()
        [['1', '1', 0.67]]
    """
    found = {"classes_first": [], "classes_second": [], "same_label": []}
    for pair in pairs.itertuples():
        for side, name in (("classes_first", pair.first), ("classes_second", pair.second)):
            present = np.flatnonzero(masks.presence([name])[0]) + 1
            found[side].append(" ".join(map(str, present)))
        first, second = masks[pair.first], masks[pair.second]
        overlay = Overlay(pair.orientation, pair.scale, pair.shift_y, pair.shift_x)
        reached = lay_on(np.ones(first.shape, np.uint8), overlay, second.shape, cv2.INTER_NEAREST) > 0
        first = lay_on(first, overlay, second.shape, cv2.INTER_NEAREST)
        second = second * reached
        common, both = _pixels(first & second, spec), _pixels(first, spec) + _pixels(second, spec)
        found["same_label"].append(2 * common / both if both else 1.0)
    types = {"classes_first": "str", "classes_second": "str", "same_label": "float64"}
    return pairs.assign(
        **{name: pd.Series(column, pairs.index, types[name]) for name, column in found.items()}
    )


def _pixels(bits: np.ndarray, spec: Spec) -> int:
    return sum(int(np.count_nonzero(bits & (1 << (class_id - 1)))) for class_id in spec.class_ids)


def labelled_differently(pairs: pd.DataFrame) -> pd.Series:
    """Return whether the two pictures differ in classes, or in masks by a Dice below 0.5: bool by row.

    Example:
        >>> columns = {"classes_first": ["1", "1"], "classes_second": ["1", "3"], "same_label": [0.9, 0.0]}
        >>> labelled_differently(pd.DataFrame(columns)).tolist()
        [False, True]
    """
    return (pairs["classes_first"] != pairs["classes_second"]) | (pairs["same_label"] < _MIN_AGREEMENT)
