"""The competition's score: the mean Dice over all pairs of an image and a class, and its parts."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from severstal.competition.spec import Spec


@dataclass(frozen=True)
class PairScore:
    """The score over some pairs and its parts, each from 0 to 1, nan where there is no pair to take it over.

    Always `score == all_empty * empty_kept + (1 - all_empty) * dice_on_defects`.

    Attributes:
        score: mean Dice over the pairs; a pair with both masks empty counts 1, with one empty 0.
        all_empty: the all-empty baseline: the score of a submission without masks, which is the share of the
            pairs without a defect.
        empty_kept: share of the pairs without a defect that were predicted empty.
        defects_found: share of the pairs with a defect that were predicted non-empty, however badly.
        dice_on_defects: mean Dice over the pairs with a defect, 0 for a missed one.
        pairs: number of pairs.
        defects: number of pairs with a defect.
        predicted: number of pairs that were predicted non-empty.
    """

    score: float
    all_empty: float
    empty_kept: float
    defects_found: float
    dice_on_defects: float
    pairs: int
    defects: int
    predicted: int


@dataclass(frozen=True)
class ClassScore(PairScore):
    """The score over the pairs of one class.

    Attributes:
        class_id: `ClassId`, from 1.
        name: name of the class.
    """

    class_id: int
    name: str


@dataclass(frozen=True)
class Score(PairScore):
    """The score over all pairs.

    Attributes:
        classes: the score of each class. All have as many pairs, so their mean is the score.
    """

    classes: tuple[ClassScore, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same as values that JSON knows: None for nan.

        Example:
            >>> from severstal.competition.spec import SEVERSTAL
            >>> clean = np.zeros((1, 4), int)
            >>> score_pairs(clean, clean, clean, SEVERSTAL).to_dict()["dice_on_defects"] is None
            True
        """
        whole = asdict(self)
        return {**_without_nan(whole), "classes": [_without_nan(part) for part in whole["classes"]]}


def pair_dice(intersection: np.ndarray, predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Dice of each pair, as Kaggle scores it.

    Args:
        intersection: pixels that both masks have, of any shape.
        predicted: pixels of the predicted mask, of the same shape.
        true: pixels of the true mask, of the same shape.

    Returns:
        `2 * intersection / (predicted + true)`, float64 from 0 to 1; 1 where both masks are empty.

    Example:
        >>> pair_dice(np.array([0, 0, 5]), np.array([0, 9, 10]), np.array([0, 0, 10]))
        array([1. , 0. , 0.5])
    """
    total = np.asarray(predicted, np.int64) + np.asarray(true, np.int64)
    return np.where(total == 0, 1.0, 2.0 * np.asarray(intersection) / np.maximum(total, 1))


def score_pairs(intersection: np.ndarray, predicted: np.ndarray, true: np.ndarray, spec: Spec) -> Score:
    """Score from the areas of all pairs.

    Args:
        intersection: (N, C) pixels that both masks have, for N images and C classes.
        predicted: (N, C) pixels of the predicted masks.
        true: (N, C) pixels of the true masks.
        spec: names the C classes.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> areas = np.array([[5, 0], [0, 0]]), np.array([[10, 0], [0, 7]]), np.array([[10, 0], [0, 0]])
        >>> score = score_pairs(*areas, Spec("s", (4, 4), ("hole", "crack")))
        >>> score.score, score.all_empty, score.classes[1].score
        (0.625, 0.75, 0.5)
    """
    dice = pair_dice(intersection, predicted, true)
    found, defect = np.asarray(predicted) > 0, np.asarray(true) > 0
    classes = tuple(
        ClassScore(**_parts(dice[:, k], found[:, k], defect[:, k]), class_id=k + 1, name=name)
        for k, name in enumerate(spec.classes)
    )
    return Score(**_parts(dice, found, defect), classes=classes)


def class_areas(
    prediction: np.ndarray, truth: np.ndarray, classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the areas of the classes in two bitmasks, for `score_pairs`.

    Args:
        prediction: (H, W) bits, bit k - 1 for class k.
        truth: (H, W) bits of the same type.
        classes: number of classes.

    Returns:
        Pixels of the intersection, of the prediction and of the truth, each (classes,) int64.

    Example:
        >>> bits = np.array([[1, 3], [2, 2]], np.uint8), np.array([[1, 1], [0, 2]], np.uint8)
        >>> class_areas(*bits, classes=2)
        (array([2, 1]), array([2, 3]), array([2, 1]))
    """

    def areas(bits: np.ndarray) -> np.ndarray:
        return np.array([np.count_nonzero(bits & bits.dtype.type(1 << k)) for k in range(classes)])

    return areas(prediction & truth), areas(prediction), areas(truth)


def _parts(dice: np.ndarray, found: np.ndarray, defect: np.ndarray) -> dict[str, Any]:
    """The fields of a `PairScore` over pairs: their Dice, and whether each was predicted and is a defect."""

    def mean(values: np.ndarray) -> float:
        return float(values.mean()) if values.size else math.nan

    return {
        "score": mean(dice),
        "all_empty": mean(~defect),
        "empty_kept": mean(~found[~defect]),
        "defects_found": mean(found[defect]),
        "dice_on_defects": mean(dice[defect]),
        "pairs": dice.size,
        "defects": int(defect.sum()),
        "predicted": int(found.sum()),
    }


def _without_nan(values: dict[str, Any]) -> dict[str, Any]:
    """The same values, None for nan."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in values.items()
    }
