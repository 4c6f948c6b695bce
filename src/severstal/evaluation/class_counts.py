"""Number of images with each class: as expected from the class probabilities, as predicted, and in truth."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from severstal.competition.spec import Spec


@dataclass(frozen=True)
class ClassCount:
    """Images with one class.

    Attributes:
        class_id: `ClassId`, from 1.
        name: name of the class.
        images: all images, with the class or without.
        expected: sum of the class probabilities, the expected number of images where these are calibrated;
            None where they are not known.
        predicted: images with a predicted mask of the class.
        true: images with a true mask of it; None where that is not known.
    """

    class_id: int
    name: str
    images: int
    expected: float | None
    predicted: int
    true: int | None


def count_classes(
    predicted: np.ndarray,
    spec: Spec,
    class_probability: np.ndarray | None = None,
    true: np.ndarray | None = None,
) -> tuple[ClassCount, ...]:
    """Count the images with each class.

    Args:
        predicted: (N, C) pixels of the predicted masks.
        spec: names the C classes.
        class_probability: (N, C) uint8, 0 to 255 for 0 to 1, where known.
        true: (N, C) pixels of the true masks, where known.

    Example:
        >>> spec = Spec("tiles", (4, 4), ("hole",))
        >>> count_classes(np.array([[9], [0]]), spec, np.uint8([[204], [51]]))
        (ClassCount(class_id=1, name='hole', images=2, expected=1.0, predicted=1, true=None),)
    """
    return tuple(
        ClassCount(
            class_id=index + 1,
            name=name,
            images=len(predicted),
            expected=None if class_probability is None else float(class_probability[:, index].sum() / 255),
            predicted=int(np.count_nonzero(predicted[:, index])),
            true=None if true is None else int(np.count_nonzero(true[:, index])),
        )
        for index, name in enumerate(spec.classes)
    )


def class_shares(table: pd.DataFrame, images: int, spec: Spec) -> np.ndarray:
    """Share of the images with any class, and with each class: (1 + C,) float64 from 0 to 1.

    Args:
        table: one row per mask.
        images: number of all images, including clean ones.
        spec: names the classes.

    Example:
        >>> table = pd.DataFrame({"ImageId": ["a", "a"], "ClassId": [1, 2]})
        >>> class_shares(table, 4, Spec("tiny", (4, 6), ("hole", "crack"))).tolist()
        [0.25, 0.25, 0.25]
    """
    numbers = [table["ImageId"].nunique(), *((table["ClassId"] == k).sum() for k in spec.class_ids)]
    return np.array(numbers, float) / max(images, 1)


def count_combinations(table: pd.DataFrame, images: Sequence[str]) -> list[tuple[tuple[int, ...], int]]:
    """Count the images with exactly each combination of classes.

    Args:
        table: labels, one row per mask.
        images: all images, including clean ones.

    Returns:
        Each combination of `ClassId`s, ascending and empty for clean images, with its number of images; the
        most frequent first.

    Example:
        >>> table = pd.DataFrame({"ImageId": ["a", "a"], "ClassId": [4, 3]})
        >>> count_combinations(table, ["a", "b", "c"])
        [((), 2), ((3, 4), 1)]
    """
    shown: dict[str, set[int]] = {}
    for image, class_id in zip(table["ImageId"], table["ClassId"], strict=True):
        shown.setdefault(image, set()).add(int(class_id))
    counts = Counter(tuple(sorted(shown.get(image, ()))) for image in images)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
