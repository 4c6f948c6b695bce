"""The data set that imported annotations have to fit: pictures, their shapes, and classes."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from severstal.annotations.matching import PictureNames
from severstal.annotations.outside import base_name, quote
from severstal.competition.spec import SEVERSTAL, Spec, size_repair
from severstal.errors import SeverstalError, nearest


@dataclass(frozen=True)
class Target:
    """The pictures that annotations may name, and how labels become classes.

    Attributes:
        images: names of the picture files, in the order that the table gets.
        spec: the shape and the classes of the data set.
        classes: `ClassId` by label, for labels that are not named as in the spec; 0 for a value of masks that
            is background.
        skip_boxes: whether rectangles are left out: they enclose a defect and do not outline it.
    """

    images: Sequence[str]
    spec: Spec
    classes: Mapping[str, int] = field(default_factory=dict)
    skip_boxes: bool = False

    @cached_property
    def known(self) -> frozenset[str]:
        """The names of the pictures."""
        return frozenset(self.images)

    @cached_property
    def _names(self) -> PictureNames:
        return PictureNames(self.images)

    @cached_property
    def _class_ids(self) -> dict[str, int]:
        numbers = {str(k): k for k in self.spec.class_ids}
        names = {name: k for k, name in enumerate(self.spec.classes, start=1)}
        return {_composed(label): k for label, k in (numbers | names | dict(self.classes)).items()}

    def has(self, name: Any) -> bool:
        """Return whether a file name means a picture, also if Roboflow or Label Studio renamed it."""
        return isinstance(name, str) and bool(self._names.find(base_name(name)))

    def image(self, name: Any, where: str) -> str:
        """The picture that a file name means, also if Roboflow or Label Studio renamed it.

        Folders before the name are ignored; no path is opened.

        Returns:
            The picture's name; where there is no such picture, `name`, which `gather` leaves out and counts.

        Raises:
            SeverstalError: `name` is no text, or means more than one picture.
        """
        if not isinstance(name, str) or not name:
            raise SeverstalError(f"{where}: names {quote(name)} instead of an image: export the file again")
        return _only(self._names.find(base_name(name)) or [name], where)

    def image_of_stem(self, stem: str, where: str) -> str:
        """The picture whose name without its ending is `stem`, also if Roboflow or Label Studio renamed it.

        Returns:
            The picture's name; `stem` where there is none, as in `image`.

        Raises:
            SeverstalError: there is more than one.
        """
        return _only(self._names.find_stem(stem) or [stem], where)

    def knows(self, label: Any) -> bool:
        """Return whether a label stands for a class."""
        return type(label) in (str, int) and self._class_ids.get(_composed(label), 0) > 0

    def class_id(self, label: Any, where: str) -> int:
        """Return the `ClassId` of a label: of a class's name, its number, or an entry of `classes`.

        Raises:
            SeverstalError: the label is unknown; names the nearest one.

        Example:
            >>> target = Target(["a.jpg"], Spec("tiny", (2, 2), ("hole", "crack")))
            >>> [target.class_id(label, "a.json shape 1") for label in ("crack", "2", 2)]
            [2, 2, 2]
            >>> target.class_id("crak", "a.json shape 1")
            Traceback (most recent call last):
            severstal.errors.SeverstalError: a.json shape 1: label 'crak' is unknown, the nearest is ...
        """
        if self.knows(label):
            return self._class_ids[_composed(label)]
        names = [*self.spec.classes, *self.classes]
        known = nearest(str(label)[:200], names) or self.spec.classes[0]
        own = ", or list your classes in dataset.toml" if self.spec == SEVERSTAL else ""
        raise SeverstalError(
            f"{where}: label {quote(label)} is unknown, the nearest is {known!r}: rename it, "
            f"or assign its class with --classes {quote(label)}={self._class_ids[_composed(known)]}{own}"
        )

    def check_size(self, image: str, height: Any, width: Any, where: str) -> None:
        """Check a picture's size as the annotations give it, as numbers or text; a missing size passes.

        So does that of a picture which the data set has not.

        Raises:
            SeverstalError: the size differs from the data set's, or from the picture's own.
        """
        given = (_pixels(height), _pixels(width))
        if image not in self.known or given == (None, None):
            return
        shape = self.spec.shape_of(image)
        if given == shape:
            return
        said = f"{where}: the picture is {quote(height)} x {quote(width)}"
        if self.spec.image_shape is None:
            raise SeverstalError(
                f"{said} there; {image} is {shape[0]} x {shape[1]}: annotate the picture as it is in the "
                "data set"
            )
        raise SeverstalError(
            f"{said}; this data set is {shape[0]} x {shape[1]}: annotate pictures of that size, or "
            f"{size_repair(shape)}"
        )


def _composed(label: Any) -> str:
    """A label in Unicode's composed form (NFC), whichever a tool or a system wrote."""
    return unicodedata.normalize("NFC", str(label))


def _only(found: list[str], where: str) -> str:
    if len(found) > 1:
        raise SeverstalError(f"{where}: could belong to {' or '.join(found[:4])}: rename one of the pictures")
    return found[0]


def _pixels(value: Any) -> Any:
    """A whole number of pixels; None where a tool wrote that it knows none; anything else as it is."""
    if value is None or value in ("", 0, -1):
        return None
    try:
        return int(float(value)) if type(value) in (int, float, str) and float(value).is_integer() else value
    except (ValueError, OverflowError):
        return value
