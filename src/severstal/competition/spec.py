"""The specification of a data set: its name, the shape of its pictures and its classes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from severstal.errors import SeverstalError, is_printable, shown
from severstal.settings import read_toml

MAX_CLASSES = 16  # the bits of the widest mask, uint16
_MOST_PIXELS = 1 << 30  # of a picture: areas and intersections are counted in 32 bits


@dataclass(frozen=True)
class Spec:
    """The shape and the classes that every picture and mask of a data set shares.

    Attributes:
        name: name of the data set.
        image_shape: height and width in pixels.
        classes: names of the classes; `classes[k - 1]` is `ClassId` k.

    Raises:
        SeverstalError: no name; a side below 1 pixel, or more than 1,073,741,824 pixels (32,768 x 32,768);
            not 1 to 16 classes of different names; a name with control characters.

    Example:
        >>> SEVERSTAL.image_shape, list(SEVERSTAL.class_ids), SEVERSTAL.mask_dtype
        ((256, 1600), [1, 2, 3, 4], dtype('uint8'))
    """

    name: str
    image_shape: tuple[int, int]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        shape, classes = self.image_shape, self.classes
        if not isinstance(self.name, str) or not self.name:
            raise SeverstalError(f"name is {shown(self.name)}: give the data set's name as text")
        if len(shape) != 2 or not all(type(side) is int and side > 0 for side in shape):
            raise SeverstalError(f"image_shape is {shown(list(shape))}: give [height, width] in pixels")
        if self.pixels > _MOST_PIXELS:
            raise SeverstalError(
                f"image_shape is {shown(list(shape))}: cut the pictures to at most {_MOST_PIXELS:,} pixels"
            )
        named = all(isinstance(label, str) and label for label in classes)
        if not named or not 1 <= len(classes) <= MAX_CLASSES or len(set(classes)) < len(classes):
            raise SeverstalError(
                f"classes is {shown(list(classes))}: give 1 to {MAX_CLASSES} different names"
            )
        for label in (self.name, *classes):
            if not is_printable(label):
                raise SeverstalError(f"{shown(label)} holds control characters: give a name of one line")

    @property
    def class_ids(self) -> range:
        """`ClassId` of each class, from 1."""
        return range(1, len(self.classes) + 1)

    @property
    def pixels(self) -> int:
        """Pixels in a picture."""
        return self.image_shape[0] * self.image_shape[1]

    @property
    def mask_dtype(self) -> np.dtype:
        """The type of a bitmask, bit k - 1 for class k."""
        return np.dtype(np.uint8 if len(self.classes) <= 8 else np.uint16)


SEVERSTAL = Spec("severstal", (256, 1600), ("class 1", "class 2", "class 3", "class 4"))
"""The competition: 256 x 1600 grey pictures; Severstal never named the four classes."""


def read_spec(folder: str | Path) -> Spec:
    """Read `dataset.toml` in an input folder, or return the competition's own where there is none.

    The file holds `name`, `image_shape = [height, width]` and `classes = [...]`, all three required.

    Raises:
        SeverstalError: the file is not TOML, or a key is missing, unknown or impossible.

    Example:
        >>> read_spec("a/folder/without/dataset.toml") == SEVERSTAL
        True
    """
    path = Path(folder) / "dataset.toml"
    if not path.is_file():
        return SEVERSTAL
    settings = read_toml(path)
    known = {"name", "image_shape", "classes"}
    for key in sorted(known - settings.keys()):
        raise SeverstalError(f"{path}: key {key!r} is missing: add name, image_shape and classes")
    for key in sorted(settings.keys() - known):
        raise SeverstalError(f"{path}: key {shown(key)} is unknown: keep name, image_shape and classes")
    name, shape, classes = settings["name"], settings["image_shape"], settings["classes"]
    if not isinstance(shape, list):
        raise SeverstalError(f"{path}: image_shape is {shown(shape)}: give [height, width] in pixels")
    if not isinstance(classes, list):
        raise SeverstalError(f"{path}: classes is {shown(classes)}: give 1 to {MAX_CLASSES} different names")
    try:
        return Spec(name, tuple(shape), tuple(classes))
    except SeverstalError as error:
        raise SeverstalError(f"{path}: {error}") from None
