"""A few pictures to try a model on: of an input folder, or drawn where there is none."""

from collections.abc import Sequence

import numpy as np

from severstal.competition.folder import InputFolder
from severstal.competition.spec import Spec
from severstal.data.arrays import with_channels
from severstal.data.pictures import read_picture

_ANY_SIZE = (256, 512)  # of pictures drawn for a model whose training pictures differ in size
TRIAL_PICTURES = 8
"""How many pictures a model is tried on."""


def trial_pictures(data: InputFolder | None, spec: Spec, count: int = TRIAL_PICTURES) -> list[np.ndarray]:
    """Pictures of the data set's size: of the input folder, evenly spaced by name, or drawn.

    Args:
        data: its test pictures are read, or the labelled ones where it has none; None draws pictures.
        spec: specification of the model's data set.
        count: how many, at least 1; fewer where the folder has fewer.

    Returns:
        Pictures (H, W) uint8, or (H, W, 3) of colours.

    Raises:
        SeverstalError: a picture cannot be read or is not of that size.

    Example:
        >>> [picture.shape for picture in trial_pictures(None, Spec("tiny", (40, 60), ("hole",)), 2)]
        [(40, 60), (40, 60)]
    """
    if data is None:
        shape = spec.image_shape or _ANY_SIZE
        return [with_channels(_drawn(shape, number), spec.channels) for number in range(count)]
    folder = data.test_images if data.has_test else data.train_images
    names = data.test_names() if data.has_test else data.train_names()
    places = np.linspace(0, len(names) - 1, min(count, len(names))).round().astype(int)
    return [read_picture(folder / names[place], spec) for place in places]


def odd_crops(pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Crops of odd sizes, for a model that has to take any: 5/8 by 3/4 of the first, 3/4 by 3/8 of the last.

    Example:
        >>> [crop.shape for crop in odd_crops([np.zeros((256, 1600), np.uint8)])]
        [(161, 1201), (193, 601)]
    """
    first, last = pictures[0], pictures[-1]
    return [_crop(first, 5 / 8, 3 / 4), _crop(last, 3 / 4, 3 / 8)]


def _crop(picture: np.ndarray, height: float, width: float) -> np.ndarray:
    rows, columns = (
        int(side * share) | 1 for side, share in zip(picture.shape[:2], (height, width), strict=True)
    )
    return np.ascontiguousarray(picture[-rows:, -columns:])


def _drawn(shape: tuple[int, int], number: int) -> np.ndarray:
    """Grey steel with a gradient of light, grain, and bright and dark bars."""
    rng = np.random.default_rng(number)
    height, width = shape
    light = np.linspace(*rng.uniform(60, 140, 2), width)[None] + rng.normal(0, 12, shape)
    for value in (230, 20):
        top, left = int(rng.integers(height)), int(rng.integers(width))
        light[top : top + max(1, height // 4), left : left + max(1, width // 8)] = value
    return light.clip(0, 255).astype(np.uint8)


def picture_source(data: InputFolder | None) -> str:
    """Which pictures `trial_pictures` gives, in words that name no folder of the machine.

    Example:
        >>> picture_source(None)
        'drawn pictures'
    """
    if data is None:
        return "drawn pictures"
    return "test pictures" if data.has_test else "labelled pictures"
