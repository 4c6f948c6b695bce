"""How far two models agree: on probabilities, and on the masks that the rules make of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from severstal.data.arrays import unpack
from severstal.decision.draw import apply
from severstal.deploy.model import Model
from severstal.inference.maps import enlarge


@dataclass(frozen=True)
class Agreement:
    """The answers of two models on the same pictures.

    Attributes:
        pictures: how many were compared.
        shapes: height and width of each different size among them.
        probability: the largest difference of a probability, 0 to 1, in steps of 1/255.
        masks: masks, one per picture and class, that either model draws.
        masks_differing: masks that are not the same in every pixel.
        pixels_differing: pixels in which they differ, over all masks.
        dice: the mean Dice coefficient between the two masks of each picture and class; 1 where both are
            empty.
    """

    pictures: int
    shapes: tuple[tuple[int, int], ...]
    probability: float
    masks: int
    masks_differing: int
    pixels_differing: int
    dice: float

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return asdict(self) | {"shapes": [list(shape) for shape in self.shapes]}

    def __str__(self) -> str:
        """The agreement in words.

        Example:
            >>> print(Agreement(2, ((4, 6),), 1 / 255, 3, 1, 5, 0.999))
            2 pictures: 1 of 3 masks differ, in 5 pixels (mean Dice 0.9990), probabilities by up to 0.0039
        """
        return (
            f"{self.pictures} pictures: {self.masks_differing} of {self.masks} masks differ, in "
            f"{self.pixels_differing:,} pixels (mean Dice {self.dice:.4f}), probabilities by up to "
            f"{self.probability:.4f}"
        )


def compare_models(first: Model, second: Model, pictures: Sequence[np.ndarray]) -> Agreement:
    """Have two models segment the same pictures.

    Args:
        first: draws its masks by its own rules.
        second: the other model, with the same classes.
        pictures: (H, W) uint8 of any sizes, at least one.

    Raises:
        SeverstalError: a model cannot compute a picture.
    """
    largest, dice, drawn, differing, pixels = 0, [], 0, 0, 0
    for picture in pictures:
        answers = [_segment(model, picture) for model in (first, second)]
        (maps, classes, ours), (other_maps, other_classes, theirs) = answers
        for one, other in ((maps, other_maps), (classes, other_classes)):
            largest = max(largest, int(np.abs(one.astype(np.int16) - other).max()))
        for mask, same in zip(ours, theirs, strict=True):
            apart, total = int(np.count_nonzero(mask != same)), int(mask.sum()) + int(same.sum())
            dice.append(1.0 if total == 0 else 2 * int((mask & same).sum()) / total)
            drawn += total > 0
            differing += apart > 0
            pixels += apart
    shapes = tuple(sorted({picture.shape[:2] for picture in pictures}))
    return Agreement(len(pictures), shapes, largest / 255, drawn, differing, pixels, float(np.mean(dice)))


def _segment(model: Model, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maps (C, h, w) and classes (C,) uint8, and the masks (C, H, W) bool of one picture."""
    about = model.description
    said = model.probabilities(picture[None])
    spec = replace(about.spec, image_shape=picture.shape[:2])
    bits = apply(enlarge(said.maps[0], picture.shape[:2]), about.rules, spec, said.classes[0], picture)
    return said.maps[0], said.classes[0], unpack(bits, len(spec.classes)).astype(bool)
