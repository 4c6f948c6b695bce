"""How many images have each class: as expected from the class probabilities, as predicted, and in truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from severstal.competition.spec import Spec
from severstal.report.palette import cut

NAME_WIDTH = 28


@dataclass(frozen=True)
class ClassCount:
    """Images with one class.

    Attributes:
        class_id: `ClassId`, from 1.
        name: of the class.
        images: how many there are in all.
        expected: sum of the class probabilities, the number to be expected where they are calibrated; None
            where they are not known.
        predicted: images on which the class was drawn.
        true: images that have it; None where that is not known.
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


def format_counts(counts: Sequence[ClassCount]) -> str:
    """Lay out the counts for a terminal, at most 100 columns wide; `-` for what is not known.

    Example:
        >>> print(format_counts([ClassCount(1, "hole", 2000, 120.4, 100, None)]))
        images with the class    expected  predicted      true       all
        1 hole                      120.4        100         -     2,000
    """
    names = [cut(f"{count.class_id} {count.name}", NAME_WIDTH) for count in counts]
    wide = max(len(name) for name in ("images with the class", *names))
    lines = [f"{'images with the class':{wide}}   {'expected':>9}  {'predicted':>9}  {'true':>8}  {'all':>8}"]
    for name, count in zip(names, counts, strict=True):
        expected = "-" if count.expected is None else f"{count.expected:,.1f}"
        true = "-" if count.true is None else f"{count.true:,}"
        lines.append(f"{name:{wide}}   {expected:>9}  {count.predicted:>9,}  {true:>8}  {count.images:>8,}")
    return "\n".join(lines)
