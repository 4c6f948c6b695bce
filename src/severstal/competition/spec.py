"""What a data set fixes: its name, the shape of its pictures and its classes."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from severstal.errors import SeverstalError

MAX_CLASSES = 16  # the bits of the widest mask, uint16


@dataclass(frozen=True)
class Spec:
    """The shape and the classes that every picture and mask of a data set shares.

    Attributes:
        name: of the data set.
        image_shape: height and width in pixels.
        classes: names; `classes[k - 1]` is `ClassId` k.

    Example:
        >>> SEVERSTAL.image_shape, list(SEVERSTAL.class_ids), SEVERSTAL.mask_dtype
        ((256, 1600), [1, 2, 3, 4], dtype('uint8'))
    """

    name: str
    image_shape: tuple[int, int]
    classes: tuple[str, ...]

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
        """The type of a picture of bits, bit k - 1 for class k."""
        return np.dtype(np.uint8 if len(self.classes) <= 8 else np.uint16)


SEVERSTAL = Spec("severstal", (256, 1600), ("class 1", "class 2", "class 3", "class 4"))
"""The competition: 256 x 1600 grey pictures; Severstal never named the four classes."""


def read_spec(folder: str | Path) -> Spec:
    """Read `dataset.toml` in an input folder, or give the competition's own where there is none.

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
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SeverstalError(f"{path}: not TOML ({error}): correct that line") from error

    known = {"name", "image_shape", "classes"}
    for key in sorted(known - settings.keys()):
        raise SeverstalError(f"{path}: key {key!r} is missing: add name, image_shape and classes")
    for key in sorted(settings.keys() - known):
        raise SeverstalError(f"{path}: key {key!r} is unknown: keep name, image_shape and classes")

    name, shape, classes = settings["name"], settings["image_shape"], settings["classes"]
    if not isinstance(name, str) or not name:
        raise SeverstalError(f"{path}: name is {name!r}: give the data set's name as text")
    whole = isinstance(shape, list) and all(type(side) is int and side > 0 for side in shape)
    if not whole or len(shape) != 2:
        raise SeverstalError(f"{path}: image_shape is {shape!r}: give [height, width] in pixels")
    named = isinstance(classes, list) and all(isinstance(label, str) and label for label in classes)
    if not named or not 1 <= len(classes) <= MAX_CLASSES or len(set(classes)) < len(classes):
        raise SeverstalError(f"{path}: classes is {classes!r}: give 1 to {MAX_CLASSES} different names")
    return Spec(name, (shape[0], shape[1]), tuple(classes))
