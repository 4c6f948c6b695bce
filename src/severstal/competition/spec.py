"""The specification of a data set: its name, the shape of its pictures and its classes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from severstal.competition.shapes import MOST_PIXELS, Shapes
from severstal.errors import SeverstalError, is_printable, shown
from severstal.settings import read_toml

IMAGE_FOLDERS = ("train_images", "test_images")
"""Names of the folders of pictures in Kaggle's layout."""

MAX_CLASSES = 16  # the bits of the widest mask, uint16


@dataclass(frozen=True)
class Spec:
    """The shape and the classes that every picture and mask of a data set shares.

    Attributes:
        name: name of the data set.
        image_shape: height and width of every picture in pixels; None where each has its own, which
            `shape_of` says.
        classes: names of the classes; `classes[k - 1]` is `ClassId` k.
        shapes: shapes of the pictures where each has its own.
        channels: 1 where pictures are grey, 3 where they keep red, green and blue.

    Raises:
        SeverstalError: no name; a side below 1 pixel, or more than 1,073,741,824 pixels (32,768 x 32,768);
            not 1 to 16 classes of different names; a name with control characters; channels that are neither
            1 nor 3.

    Example:
        >>> SEVERSTAL.image_shape, list(SEVERSTAL.class_ids), SEVERSTAL.mask_dtype
        ((256, 1600), [1, 2, 3, 4], dtype('uint8'))
    """

    name: str
    image_shape: tuple[int, int] | None
    classes: tuple[str, ...]
    shapes: Shapes | None = field(default=None, compare=False, repr=False)
    channels: int = 1

    def __post_init__(self) -> None:
        shape, classes = self.image_shape, self.classes
        if not isinstance(self.name, str) or not self.name:
            raise SeverstalError(f"name is {shown(self.name)}: give the data set's name as text")
        if shape is not None and (
            len(shape) != 2 or not all(type(side) is int and side > 0 for side in shape)
        ):
            raise SeverstalError(f"image_shape is {shown(list(shape))}: give [height, width] in pixels")
        if self.pixels > MOST_PIXELS:
            raise SeverstalError(
                f"image_shape is {shown(list(shape))}: cut the pictures to at most {MOST_PIXELS:,} pixels"
            )
        if type(self.channels) is not int or self.channels not in (1, 3):
            raise SeverstalError(
                f"channels is {shown(self.channels)}: give 1 for grey, or 3 for red, green and blue"
            )
        named = all(isinstance(label, str) and label for label in classes)
        if not named or not 1 <= len(classes) <= MAX_CLASSES or len(set(classes)) < len(classes):
            raise SeverstalError(
                f"classes is {shown(list(classes))}: give 1 to {MAX_CLASSES} different names"
            )
        for label in (self.name, *classes):
            if not is_printable(label):
                raise SeverstalError(f"{shown(label)} contains control characters: give a one-line name")

    @property
    def class_ids(self) -> range:
        """`ClassId` of each class, from 1."""
        return range(1, len(self.classes) + 1)

    @property
    def pixels(self) -> int:
        """Pixels in a picture; where each has its own size, the most that one may have."""
        return MOST_PIXELS if self.image_shape is None else self.image_shape[0] * self.image_shape[1]

    def shape_of(self, image: str) -> tuple[int, int]:
        """The height and the width of a picture.

        Args:
            image: name of the picture.

        Raises:
            SeverstalError: each picture has its own size, and this one's is not known.

        Example:
            >>> SEVERSTAL.shape_of("a.jpg")
            (256, 1600)
        """
        return self._own_shapes(image).of(image) if self.image_shape is None else self.image_shape

    def find_shape(self, image: str) -> tuple[int, int] | None:
        """The same; None where it is not known."""
        if self.image_shape is not None:
            return self.image_shape
        return None if self.shapes is None else self.shapes.find(image)

    def largest_shape(self, images: Iterable[str]) -> tuple[int, int]:
        """The greatest height and the greatest width of some pictures, at least one.

        Raises:
            SeverstalError: as `shape_of`.

        Example:
            >>> spec = Spec("tiles", None, ("hole",), Shapes(known={"a": (20, 90), "b": (60, 40)}))
            >>> spec.largest_shape(["a", "b"])
            (60, 90)
        """
        if self.image_shape is not None:
            return self.image_shape
        heights, widths = zip(*map(self.shape_of, images), strict=True)
        return max(heights), max(widths)

    def typical_shape(self, images: Iterable[str]) -> tuple[int, int]:
        """The median height and the median width of some pictures, at least one.

        Raises:
            SeverstalError: as `shape_of`.
        """
        if self.image_shape is not None:
            return self.image_shape
        height, width = np.median([self.shape_of(image) for image in images], axis=0).astype(int).tolist()
        return height, width

    def with_shapes_of(self, images: Iterable[str]) -> "Spec":
        """The specification with the shapes of some pictures alone, which needs their files no longer.

        Raises:
            SeverstalError: as `shape_of`.
        """
        if self.image_shape is not None:
            return self
        images = list(images)
        shapes = self._own_shapes(images[0] if images else "").only(images)
        return replace(self, shapes=shapes)

    def facts(self) -> dict[str, Any]:
        """What a file that keeps the specification holds beside the name, as plain JSON values.

        Example:
            >>> Spec.from_facts("severstal", SEVERSTAL.facts()) == SEVERSTAL
            True
        """
        shape = None if self.image_shape is None else list(self.image_shape)
        # Named only where it differs from the default, so that what earlier runs keep stays as it is.
        channels = {} if self.channels == 1 else {"channels": self.channels}
        return {"image_shape": shape, "classes": list(self.classes), **channels}

    @classmethod
    def from_facts(cls, name: str, facts: Mapping[str, Any], shapes: Shapes | None = None) -> "Spec":
        """The specification that `facts` describes.

        Raises:
            SeverstalError: as the class.
            KeyError, TypeError: something is missing or of another type.
        """
        shape = facts["image_shape"]
        shape = None if shape is None else tuple(shape)
        return cls(name, shape, tuple(facts["classes"]), shapes, facts.get("channels", 1))

    def _own_shapes(self, image: str) -> Shapes:
        if self.shapes is None:
            raise SeverstalError(
                f"{image}: its size is not known, as dataset.toml has no image_shape and the pictures are "
                "not at hand: give their folder with --input"
            )
        return self.shapes

    @property
    def mask_dtype(self) -> np.dtype:
        """The type of a bitmask, bit k - 1 for class k."""
        return np.dtype(np.uint8 if len(self.classes) <= 8 else np.uint16)


SEVERSTAL = Spec("severstal", (256, 1600), ("class 1", "class 2", "class 3", "class 4"))
"""The competition: 256 x 1600 grey pictures; Severstal never named the four classes."""


def size_repair(image_shape: tuple[int, int]) -> str:
    """Say in an error what to do about pictures of another size than the data set's.

    Example:
        >>> size_repair((64, 96))
        'leave image_shape out of dataset.toml so that each picture keeps its own size'
    """
    if image_shape == SEVERSTAL.image_shape:  # most likely a folder that has no dataset.toml yet
        return (
            "write a dataset.toml with name and classes, without image_shape, so that each picture keeps its "
            "own size (a folder without that file counts as Severstal's)"
        )
    return "leave image_shape out of dataset.toml so that each picture keeps its own size"


def read_spec(folder: str | Path) -> Spec:
    """Read `dataset.toml` in an input folder, or return the competition's own where there is none.

    The file holds `name` and `classes = [...]`, and `image_shape = [height, width]` where all pictures have
    the same size; without it each picture of `train_images` and `test_images` keeps its own. `channels = 3`
    keeps the pictures' colours; without it, or with 1, they are read as grey.

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
    required, known = ("classes", "name"), {"name", "image_shape", "classes", "channels"}
    for key in (key for key in required if key not in settings):
        raise SeverstalError(f"{path}: key {key!r} is missing: add name and classes")
    for key in sorted(settings.keys() - known):
        raise SeverstalError(
            f"{path}: key {shown(key)} is unknown: keep name, image_shape, classes and channels"
        )
    name, shape, classes = settings["name"], settings.get("image_shape"), settings["classes"]
    if shape is not None and not isinstance(shape, list):
        raise SeverstalError(f"{path}: image_shape is {shown(shape)}: give [height, width] in pixels")
    if not isinstance(classes, list):
        raise SeverstalError(f"{path}: classes is {shown(classes)}: give 1 to {MAX_CLASSES} different names")
    try:
        shapes = Shapes([Path(folder) / part for part in IMAGE_FOLDERS]) if shape is None else None
        shape = None if shape is None else tuple(shape)
        return Spec(name, shape, tuple(classes), shapes, settings.get("channels", 1))
    except SeverstalError as error:
        raise SeverstalError(f"{path}: {error}") from None
