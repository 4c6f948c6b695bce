"""What imported annotations have to fit: the pictures, their shape and the classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import Any

from severstal.annotations.outside import base_name, quote
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError, nearest


@dataclass(frozen=True)
class Target:
    """The pictures that annotations may name, and how labels become classes.

    Attributes:
        images: names of the picture files, in the order that the table gets.
        spec: the shape and the classes of the data set.
        classes: `ClassId` by label, for labels that are not named as in the spec.
    """

    images: Sequence[str]
    spec: Spec
    classes: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.images)

    @cached_property
    def _class_ids(self) -> dict[str, int]:
        return {name: k for k, name in enumerate(self.spec.classes, start=1)} | dict(self.classes)

    @cached_property
    def _stems(self) -> dict[str, list[str]]:
        stems: dict[str, list[str]] = {}
        for name in self.images:
            stems.setdefault(PurePath(name).stem, []).append(name)
        return stems

    def image(self, name: Any, where: str) -> str:
        """The picture that a file name means; folders before it count for nothing, no path is opened.

        Raises:
            SeverstalError: there is no such picture.
        """
        if isinstance(name, str) and base_name(name) in self._names:
            return base_name(name)
        raise SeverstalError(
            f"{where}: picture {quote(name)} is not among the data set's: "
            "correct the name, or name the pictures' folder with --images"
        )

    def image_of_stem(self, stem: str, where: str) -> str:
        """The picture whose name without its ending is `stem`.

        Raises:
            SeverstalError: there is none, or more than one.
        """
        match self._stems.get(stem, []):
            case [name]:
                return name
            case []:
                raise SeverstalError(
                    f"{where}: no picture is named {quote(stem)}: rename the file as its picture, "
                    "or name the pictures' folder with --images"
                )
            case several:
                raise SeverstalError(
                    f"{where}: may belong to {' or '.join(several)}: rename one of the pictures"
                )

    def class_id(self, label: Any, where: str) -> int:
        """The `ClassId` of a label.

        Raises:
            SeverstalError: the label is unknown; names the nearest one.

        Example:
            >>> Target(["a.jpg"], Spec("tiny", (2, 2), ("hole", "crack"))).class_id("crak", "a.json shape 1")
            Traceback (most recent call last):
            severstal.errors.SeverstalError: a.json shape 1: label 'crak' is unknown, the nearest is ...
        """
        if isinstance(label, str) and label in self._class_ids:
            return self._class_ids[label]
        known = nearest(str(label)[:200], self._class_ids) or self.spec.classes[0]
        raise SeverstalError(
            f"{where}: label {quote(label)} is unknown, the nearest is {known!r}: rename it, "
            f"or say which class it is with --classes {quote(label)}={self._class_ids[known]}"
        )

    def check_size(self, height: Any, width: Any, where: str) -> None:
        """Check the size of a picture as the annotations give it.

        Raises:
            SeverstalError: it is another than the data set's.
        """
        if (height, width) != self.spec.image_shape:
            raise SeverstalError(
                f"{where}: the picture is {quote(height)} x {quote(width)}; this data set is "
                f"{self.spec.image_shape[0]} x {self.spec.image_shape[1]}: "
                "annotate pictures of that size or set image_shape in dataset.toml"
            )
