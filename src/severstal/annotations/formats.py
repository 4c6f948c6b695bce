"""Every form of annotations, and the way out and in that `severstal export` and `severstal import` take."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from severstal.annotations import coco, cvat, labelme, png, via
from severstal.annotations.labels import Imported, Labels, Picture, gather
from severstal.annotations.names import FormatName
from severstal.annotations.target import Target
from severstal.competition.folder import InputFolder, list_images, locate_input
from severstal.competition.spec import read_spec
from severstal.competition.tables import read_labels
from severstal.errors import SeverstalError
from severstal.files import write_text


class Format(NamedTuple):
    """A form of annotations.

    Attributes:
        write: labels into a file or a folder.
        read: the pictures and shapes of such a file or folder.
    """

    write: Callable[[Labels, Path], None]
    read: Callable[[Path, Target], Iterator[Picture]]


FORMATS: dict[FormatName, Format] = {
    "coco": Format(coco.write, coco.read),
    "coco-counts": Format(partial(coco.write, segmentation="counts"), coco.read),
    "coco-polygons": Format(partial(coco.write, segmentation="polygons"), coco.read),
    "labelme": Format(labelme.write, labelme.read),
    "labelme-masks": Format(partial(labelme.write, shapes="masks"), labelme.read),
    "cvat": Format(cvat.write, cvat.read),
    "cvat-polygons": Format(partial(cvat.write, shapes="polygons"), cvat.read),
    "via": Format(via.write, via.read),
    "png": Format(png.write, png.read),
    "png-classes": Format(png.write_classes, png.read_classes),
}


def export_labels(
    form: FormatName,
    output: Path,
    labels: Path | None = None,
    input: Path | None = None,
    images: Path | None = None,
) -> Labels:
    """Write a table of labels in a form that labelling tools read.

    Args:
        form: which.
        output: the file, or for LabelMe and PNG the new folder.
        labels: the table; without it the input folder's `train.csv`.
        input: folder with `dataset.toml`; without it the usual places.
        images: folder of the pictures; without it the input folder's `train_images`.

    Returns:
        What was written.

    Raises:
        SeverstalError: a folder or the table is missing or faulty, or the form cannot hold the labels.
    """
    data, folder = _open(input, images)
    names = list_images(folder)
    table = read_labels(labels or data.train_csv, data.spec, names)
    exported = Labels(table, tuple(names), data.spec, folder)
    FORMATS[form].write(exported, Path(output))
    return exported


def import_labels(
    form: FormatName,
    path: Path,
    output: Path,
    input: Path | None = None,
    images: Path | None = None,
    classes: Sequence[str] = (),
) -> Imported:
    """Read annotations from a labelling tool into a table in `train.csv`'s form.

    Args:
        form: of the annotations.
        path: the file, or for LabelMe and PNG the folder.
        output: the table to write.
        input: folder with `dataset.toml`; without it the usual places.
        images: folder of the pictures; without it the input folder's `train_images`.
        classes: `LABEL=CLASSID` for each label that is not named as in `dataset.toml`.

    Returns:
        What was read.

    Raises:
        SeverstalError: the annotations are not of this form, or do not fit the pictures or the classes.
    """
    data, folder = _open(input, images)
    target = Target(list_images(folder), data.spec, _mapping(classes, data))
    imported = gather(FORMATS[form].read(Path(path), target), target)
    write_text(output, imported.table.to_csv(index=False, lineterminator="\n"))
    return imported


def _open(input: Path | None, images: Path | None) -> tuple[InputFolder, Path]:
    root = locate_input(input)
    if root is None:
        raise SeverstalError("no input folder: name it with --input, or draw one with `severstal sample`")
    data = InputFolder(root, read_spec(root))
    return data, images or data.train_images


def _mapping(texts: Sequence[str], data: InputFolder) -> dict[str, int]:
    found = {}
    for text in texts:
        label, _, number = text.rpartition("=")
        if number not in {str(k) for k in data.spec.class_ids}:
            raise SeverstalError(
                f"--classes {text}: give LABEL=CLASSID, with a ClassId from 1 to {len(data.spec.classes)}"
            )
        found[label] = int(number)
    return found
