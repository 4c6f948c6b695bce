"""How many images have each class: as expected from the class probabilities, as predicted, and in truth."""

from dataclasses import dataclass

import numpy as np

from severstal.competition.spec import Spec


@dataclass(frozen=True)
class ClassCount:
    """Images with one class.

    Attributes:
        class_id: `ClassId`, from 1.
        name: of the class.
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
