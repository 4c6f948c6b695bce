"""The labels of a set of pictures, on their way out to a labelling tool and in from one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
import pandas as pd

from severstal.annotations.target import Target
from severstal.competition.rle import encode
from severstal.competition.rows import TableRow
from severstal.competition.spec import Spec
from severstal.competition.tables import tidy
from severstal.errors import SeverstalError
from severstal.progress import progress

_MOST_SHAPES = 10_000  # of one picture
_MOST_DRAWN = 200  # times the picture's pixels, in all its shapes; people's overlap once or twice


@dataclass(frozen=True)
class Labels:
    """What is exported.

    Attributes:
        table: a row a mask, as `read_labels` gives it.
        images: names of all the pictures, clean ones too, in the order of the export.
        spec: the shape and the classes of the data set.
        folder: where the pictures are; None where only their names are known.
    """

    table: pd.DataFrame
    images: tuple[str, ...]
    spec: Spec
    folder: Path | None = None

    def __iter__(self) -> Iterator[tuple[str, dict[int, str]]]:
        """Each picture, and its run-length text by `ClassId`; a clean picture has none."""
        rows: dict[str, dict[int, str]] = {image: {} for image in self.images}
        table = self.table
        for image, class_id, runs in zip(
            table["ImageId"], table["ClassId"], table["EncodedPixels"], strict=True
        ):
            if image not in rows:
                raise SeverstalError(
                    f"{image}: stands in the table, not among the pictures: put it there or delete its rows"
                )
            rows[image][class_id] = runs
        return iter(progress(rows.items(), "exporting labels"))

    def files(self, ending: str) -> dict[str, str]:
        """By picture, the name of a file of its own: the picture's, with another ending.

        Raises:
            SeverstalError: two pictures differ in their ending alone.
        """
        names = {image: PurePath(image).stem + ending for image in self.images}
        first: dict[str, str] = {}
        for image, name in names.items():
            if first.setdefault(name, image) != image:
                raise SeverstalError(
                    f"{image}: {first[name]} would go into the same {name}: rename one of the two"
                )
        return names


class Shape(NamedTuple):
    """One thing that somebody drew.

    Attributes:
        where: file, picture and number of the shape, for messages.
        class_id: from 1.
        mask: (H, W) bool.
    """

    where: str
    class_id: int
    mask: np.ndarray


class Picture(NamedTuple):
    """A picture that a file of annotations lists.

    Attributes:
        where: file and entry, for messages.
        image: name of the picture.
        shapes: drawn one after the other, when asked for; none on a clean picture.
    """

    where: str
    image: str
    shapes: Iterator[Shape]


@dataclass(frozen=True)
class Imported:
    """What is imported.

    Attributes:
        table: as `read_labels` gives it, in the order of the target's images, then of the classes.
        listed: names of the pictures that the annotations list, in the same order; clean ones too.
        notes: what somebody should know, a line each.
    """

    table: pd.DataFrame
    listed: tuple[str, ...]
    notes: tuple[str, ...]


def gather(pictures: Iterator[Picture], target: Target) -> Imported:
    """Unite the shapes of each picture and class.

    Raises:
        SeverstalError: a picture is listed twice, has more than 10,000 shapes or such as would cover it more
            than 200 times over, or one of its shapes cannot be drawn.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> target = Target(["a.jpg", "b.jpg"], SEVERSTAL)
        >>> imported = gather(iter([Picture("a.json", "a.jpg", iter([]))]), target)
        >>> imported.listed, imported.notes
        (('a.jpg',), ('1 of 2 pictures is not in the annotations, and counts as clean from now on: b.jpg',))
    """
    rows: dict[str, list[TableRow]] = {}
    notes = []
    for where, image, shapes in progress(pictures, "importing labels"):
        if image in rows:
            raise SeverstalError(f"{where}: picture {image} is listed twice: keep one of the two entries")
        masks: dict[int, np.ndarray] = {}
        drawn = 0
        for count, shape in enumerate(shapes, start=1):
            drawn += np.count_nonzero(shape.mask)
            if count > _MOST_SHAPES or drawn > _MOST_DRAWN * target.spec.pixels:
                raise SeverstalError(
                    f"{shape.where}: more shapes than anybody draws on one picture: delete those that are "
                    "there many times"
                )
            if not shape.mask.any():
                notes.append(f"{shape.where}: covers the centre of no pixel of the picture: left out")
            elif shape.class_id in masks:
                masks[shape.class_id] = masks[shape.class_id] | shape.mask
            else:
                masks[shape.class_id] = shape.mask
        rows[image] = [TableRow(image, str(k), encode(masks[k])) for k in sorted(masks)]

    listed = tuple(image for image in target.images if image in rows)
    missing = [image for image in target.images if image not in rows]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        count = "counts" if len(missing) == 1 else "count"
        notes.append(
            f"{len(missing)} of {len(target.images)} pictures {are} not in the annotations, "
            f"and {count} as clean from now on: {shown}"
        )
    table = tidy([row for image in listed for row in rows[image]])
    return Imported(table, listed, tuple(notes))
