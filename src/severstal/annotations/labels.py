"""The labels of a set of pictures, on their way out to a labelling tool and in from one."""

import math
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd

from severstal.annotations.outside import quote
from severstal.annotations.target import Target
from severstal.competition.rle import decode, encode
from severstal.competition.rows import TableRow
from severstal.competition.spec import Spec
from severstal.competition.tables import tidy
from severstal.errors import SeverstalError
from severstal.progress import progress

_MOST_SHAPES = 10_000  # of one picture
_MOST_DRAWN = 200  # times the picture's pixels, in all its shapes; annotators' overlap once or twice


@dataclass(frozen=True)
class LabelSet:
    """Labels to export.

    Attributes:
        table: one row per mask, as `read_labels` gives it.
        images: names of all the pictures, clean ones too, in the order of the export.
        spec: the shape and the classes of the data set.
        folder: folder of the pictures; None where only their names are known.
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
                    f"{image}: is in the table but not among the pictures: add the picture or delete its rows"
                )
            rows[image][class_id] = runs
        return iter(progress(rows.items(), "exporting labels"))

    def files(self, ending: str) -> dict[str, str]:
        """Return the name of each picture's own file, by picture: the picture's name with another ending.

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
    """One annotated shape.

    Attributes:
        where: file, picture and number of the shape, for messages.
        class_id: `ClassId`, from 1.
        mask: (H, W) bool.
    """

    where: str
    class_id: int
    mask: np.ndarray


class Unusable(SeverstalError):
    """An annotation without an area, such as a point or a box; an import leaves it out and counts it.

    Args:
        where: file, picture and number of the annotation.
        why: reason, in the same words for all annotations of a kind.
    """

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}: left out")
        self.why = why


class Picture(NamedTuple):
    """A picture that a file of annotations lists.

    Attributes:
        where: file and entry, for messages.
        image: name of the picture.
        shapes: drawn one after the other, when asked for, and those that cannot be; none on a clean picture.
    """

    where: str
    image: str
    shapes: Iterator[Shape | Unusable]


_Entry = TypeVar("Entry")


def draw_each(
    entries: Iterable[_Entry], draw: Callable[[int, _Entry], Iterator[Shape | Unusable]]
) -> Iterator[Shape | Unusable]:
    """Draw the annotations of a picture one after the other, those that cannot be used among them.

    Args:
        entries: annotations as the file has them.
        draw: function from an entry and its number, from 1, to its shapes; may raise `Unusable`.
    """
    for number, entry in enumerate(entries, start=1):
        try:
            yield from draw(number, entry)
        except Unusable as fault:
            yield fault


@dataclass(frozen=True)
class Imported:
    """Imported labels.

    Attributes:
        table: tidy table as `read_labels` returns it, in the order of the target's images, then of the
            classes.
        listed: names of the pictures that the annotations list, in the same order; clean ones too.
        notes: notes for the user, one line each.
    """

    table: pd.DataFrame
    listed: tuple[str, ...]
    notes: tuple[str, ...]


def gather(pictures: Iterator[Picture], target: Target) -> Imported:
    """Unite the shapes of each picture and class of one file.

    A picture that the target has not is left out; a note counts such pictures.

    Raises:
        SeverstalError: none of the pictures is the target's; one is listed twice, has more than 10,000 shapes
            or such as would cover it more
            than 200 times over, or one of its shapes is damaged.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> target = Target(["a.jpg", "b.jpg"], SEVERSTAL)
        >>> imported = gather(iter([Picture("a.json", "a.jpg", iter([]))]), target)
        >>> imported.listed, imported.notes
        (('a.jpg',), ('1 of 2 pictures is not in the annotations, and counts as clean from now on: b.jpg',))
    """
    return gather_files([pictures], target)


def gather_files(
    files: Iterable[Iterator[Picture]], target: Target, unlisted_are_clean: bool = True
) -> Imported:
    """Unite the shapes of each picture and class of several files, which may list the same picture.

    Args:
        files: pictures of each file.
        target: data set that they have to fit.
        unlisted_are_clean: whether pictures that no file lists have no labels, which is worth a note.

    Raises:
        SeverstalError: see `gather`, except that a picture may be in several files.
    """
    runs: dict[str, dict[int, str]] = {}
    left_out: dict[str, list[Unusable]] = {}
    again: list[str] = []
    absent: list[tuple[str, str]] = []
    for pictures in files:
        places: dict[str, str] = {}
        for where, image, shapes in progress(pictures, "importing labels"):
            if image not in target.known:
                absent.append((where, image))
                continue
            if image in places:
                raise SeverstalError(
                    f"{where}: picture {image} is listed twice, first as {places[image]}: keep one of the "
                    "two entries, and export without augmentation"
                )
            places[image] = where
            if image in runs:
                again.append(image)
            earlier = runs.setdefault(image, {})
            masks = {k: decode(text, target.spec.shape_of(image)) != 0 for k, text in earlier.items()}
            drawn, most = 0, _MOST_DRAWN * math.prod(target.spec.shape_of(image))
            for count, shape in enumerate(shapes, start=1):
                drawn += 0 if isinstance(shape, Unusable) else np.count_nonzero(shape.mask)
                if count > _MOST_SHAPES or drawn > most:
                    raise SeverstalError(f"{where}: too many shapes on one picture: delete the repeated ones")
                if isinstance(shape, Unusable):
                    left_out.setdefault(shape.why, []).append(shape)
                elif not shape.mask.any():
                    empty = Unusable(shape.where, "covers the centre of no pixel of the picture")
                    left_out.setdefault(empty.why, []).append(empty)
                elif shape.class_id in masks:
                    masks[shape.class_id] = masks[shape.class_id] | shape.mask
                else:
                    masks[shape.class_id] = shape.mask
            runs[image] = {k: encode(masks[k]) for k in sorted(masks)}

    if absent and not runs:
        where, image = absent[0]
        others = f" (nor any of {len(absent) - 1:,} more)" if len(absent) > 1 else ""
        raise SeverstalError(
            f"{where}: picture {quote(image)} is not among the data set's{others}: correct the name, or name "
            "the pictures' folder with --images"
        )
    listed = tuple(image for image in target.images if image in runs)
    rows = [TableRow(image, str(k), text) for image in listed for k, text in runs[image].items()]
    notes = [
        f"{faults[0]}" + (f", and {len(faults) - 1:,} more like it" if len(faults) > 1 else "")
        for faults in left_out.values()
    ]
    if absent:
        are = "picture of the annotations is" if len(absent) == 1 else "pictures of the annotations are"
        notes.append(
            f"{len(absent):,} {are} not among the data set's, such as {quote(absent[0][1])} "
            f"({absent[0][0]}): left out; put them there, or name their folder with --images"
        )
    if again:
        are = "picture is" if len(again) == 1 else "pictures are"
        notes.append(f"{len(again):,} {are} in several files, such as {again[0]}: their masks are united")
    if unlisted_are_clean:
        notes += _missing(runs, target)
    return Imported(tidy(rows), listed, tuple(notes))


def _missing(runs: Container[str], target: Target) -> list[str]:
    """A note on the pictures that no file lists."""
    missing = [image for image in target.images if image not in runs]
    if not missing:
        return []
    are, count = ("is", "counts") if len(missing) == 1 else ("are", "count")
    shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
    return [
        f"{len(missing)} of {len(target.images)} pictures {are} not in the annotations, "
        f"and {count} as clean from now on: {shown}"
    ]
