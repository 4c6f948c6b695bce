"""Every form of annotations, and the way out and in that `severstal export` and `severstal import` take."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from severstal.annotations import coco, cvat, labelbox, labelme, labelstudio, png, via, voc, yolo
from severstal.annotations.archive import documents, unpacked
from severstal.annotations.labels import Imported, LabelSet, Picture, gather_files
from severstal.annotations.merge import merge, read_earlier
from severstal.annotations.names import FormatName
from severstal.annotations.target import Target
from severstal.competition.folder import InputFolder, locate_input
from severstal.competition.listing import list_images
from severstal.competition.shapes import Shapes
from severstal.competition.spec import read_spec
from severstal.competition.tables import read_labels
from severstal.errors import SeverstalError
from severstal.files import write_text
from severstal.path_checks import refuse_overwrite


class Format(NamedTuple):
    """A format of annotations.

    Attributes:
        write: function that writes labels into a file or a folder.
        read: function that reads the pictures and shapes of such a file or folder.
        endings: endings of the files that it consists of.
        is_folder: whether several files form one set, such as one file per picture; otherwise each file is
            complete.
    """

    write: Callable[[LabelSet, Path], None]
    read: Callable[[Path, Target], Iterator[Picture]]
    endings: tuple[str, ...]
    is_folder: bool = False


_MASKS = (".png", ".txt", ".xml")
FORMATS: dict[FormatName, Format] = {
    "coco": Format(coco.write, coco.read, (".json",)),
    "coco-counts": Format(partial(coco.write, segmentation="counts"), coco.read, (".json",)),
    "coco-polygons": Format(partial(coco.write, segmentation="polygons"), coco.read, (".json",)),
    "labelme": Format(labelme.write, labelme.read, (".json",), True),
    "labelme-masks": Format(partial(labelme.write, shapes="masks"), labelme.read, (".json",), True),
    "cvat": Format(cvat.write, cvat.read, (".xml",)),
    "cvat-polygons": Format(partial(cvat.write, shapes="polygons"), cvat.read, (".xml",)),
    "via": Format(via.write, via.read, (".json",)),
    "yolo": Format(yolo.write, yolo.read, (".txt", ".yaml", ".yml", ".names"), True),
    "label-studio": Format(labelstudio.write, labelstudio.read, (".json",)),
    "label-studio-brush": Format(partial(labelstudio.write, shapes="brush"), labelstudio.read, (".json",)),
    "labelbox": Format(labelbox.write, labelbox.read, (".ndjson",)),
    "labelbox-upload": Format(partial(labelbox.write, form="upload"), labelbox.read, (".ndjson",)),
    "voc": Format(voc.write, voc.read, _MASKS, True),
    "png": Format(png.write, png.read, (".png",), True),
    "png-classes": Format(png.write_classes, png.read_classes, (".png",), True),
}


def export_labels(
    form: FormatName,
    output: Path,
    labels: Path | None = None,
    input: Path | None = None,
    images: Path | None = None,
) -> LabelSet:
    """Write a table of labels in a form that labelling tools read.

    Args:
        form: name of the format.
        output: the file, or for LabelMe and PNG the new folder.
        labels: the table; without it the input folder's `train.csv`.
        input: folder with `dataset.toml`; None as in `locate_input`.
        images: folder of the pictures; without it the input folder's `train_images`.

    Returns:
        The exported labels.

    Raises:
        SeverstalError: a folder or the table is missing or faulty, or the form cannot hold the labels.
    """
    data, folder = _open(input, images)
    refuse_overwrite([output], [labels, data.root, folder])
    names = list_images(folder)
    table = read_labels(labels or data.train_csv, data.spec, names)
    exported = LabelSet(table, tuple(names), data.spec, folder)
    FORMATS[form].write(exported, Path(output))
    return exported


def import_labels(
    form: FormatName,
    path: Path | Sequence[Path],
    output: Path,
    input: Path | None = None,
    images: Path | None = None,
    classes: Sequence[str] = (),
    skip_boxes: bool = False,
) -> Imported:
    """Read annotations from a labelling tool into a table in `train.csv`'s form.

    The masks of a table that is there already stay, but those of the same image and class.

    Args:
        form: name of the format of the annotations.
        path: one or more files, folders, or ZIPs of them as the tool exported them.
        output: the table to write, or to add to.
        input: folder with `dataset.toml`; None as in `locate_input`.
        images: folder of the pictures; without it the input folder's `train_images`.
        classes: `LABEL=CLASSID` for each label that is not named as in `dataset.toml`, `VALUE=0` for a value
            of masks that is background.
        skip_boxes: leave rectangles out.

    Returns:
        The imported labels; `table` is what was written.

    Raises:
        SeverstalError: the annotations are not of this form, do not fit the pictures or the classes, or
            `output` is no table of labels.
    """
    data, folder = _open(input, images)
    target = Target(list_images(folder), data.spec, _mapping(classes, data), skip_boxes)
    paths = [path] if isinstance(path, str | Path) else list(path)
    earlier = read_earlier(Path(output), data.spec)
    with ExitStack() as stack:
        places = {one: stack.enter_context(unpacked(Path(one), FORMATS[form].endings)) for one in paths}
        files = [file for place in places.values() for file in _files(FORMATS[form], place)]
        read = [FORMATS[form].read(file, target) for file in files]
        imported = gather_files(read, target, unlisted_are_clean=earlier is None)
    notes = imported.notes
    for one, place in places.items():  # a ZIP's folder is gone by now
        notes = tuple(note.replace(str(place), str(one)) for note in notes)
    imported = replace(imported, notes=notes)
    if earlier is not None:
        imported = _add(imported, earlier, output, target)
    write_text(output, imported.table.to_csv(index=False, lineterminator="\n"))
    return imported


def _files(form: Format, path: Path) -> list[Path]:
    """The files that are read one by one: a folder whole, or each of its documents."""
    if form.is_folder:
        while path.is_dir() and _is_shell(entries := list(path.iterdir())):
            path = entries[0]  # ZIPs often hold one folder around all the others
        return [path]
    if path.is_file():
        return [path]
    return documents(path, form.endings[0])


def _is_shell(entries: list[Path]) -> bool:
    """Return whether a folder holds only one other folder, and that is not one of a class by its number."""
    return len(entries) == 1 and entries[0].is_dir() and not entries[0].name.isdecimal()


def _add(imported: Imported, earlier: pd.DataFrame, output: Path, target: Target) -> Imported:
    """Merge imported labels into an existing table, with a note on how many of its masks were kept."""
    merged = merge(earlier, imported.table, target.images)
    notes = [*imported.notes]
    if merged.kept:
        masks = "mask stays" if merged.kept == 1 else "masks stay"
        notes.append(f"{output}: {merged.kept:,} earlier {masks}, of pictures or classes that the files lack")
    if merged.replaced:
        image, class_id = merged.replaced[0]
        masks = "mask is" if len(merged.replaced) == 1 else "masks are"
        notes.append(
            f"{output}: {len(merged.replaced):,} earlier {masks} replaced by a new one, such as {image} "
            f"class {class_id}"
        )
    return replace(imported, table=merged.table, notes=tuple(notes))


def _open(input: Path | None, images: Path | None) -> tuple[InputFolder, Path]:
    root = locate_input(input)
    if root is None:
        raise SeverstalError("no input folder: name it with --input, or render one with `severstal sample`")
    data = InputFolder(root, read_spec(root))
    folder = Path(images or data.train_images)
    if data.spec.image_shape is None:
        data = replace(data, spec=replace(data.spec, shapes=Shapes([folder])))
    return data, folder


def _mapping(texts: Sequence[str], data: InputFolder) -> dict[str, int]:
    found = {}
    for text in texts:
        label, _, number = text.rpartition("=")
        if number not in {str(k) for k in data.spec.class_ids} | ({"0"} if label.isdecimal() else set()):
            raise SeverstalError(
                f"--classes {text}: give LABEL=CLASSID, with a ClassId from 1 to {len(data.spec.classes)}"
            )
        found[label] = int(number)
    return found
