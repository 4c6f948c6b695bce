"""Labels out to a labelling tool, and in from one."""

import sys
from pathlib import Path

from tyro.conf import Positional as Word

from severstal.annotations.names import FormatName


def export(
    format: Word[FormatName],
    output: Path,
    labels: Path | None = None,
    input: Path | None = None,
    images: Path | None = None,
) -> None:
    """Write labels for a labelling tool; clean pictures are listed too.

    One file: coco (compressed run lengths), coco-counts (plain ones), coco-polygons, cvat (CVAT for images
    1.1, masks), cvat-polygons, via (VGG Image Annotator 2). A new folder with a file a picture: labelme
    (polygons), labelme-masks, png (palette index = class), png-classes (a folder a class). All of them come
    back pixel for pixel.

    Args:
        format: of the annotations.
        output: the file, or for labelme and png the new folder.
        labels: a table in train.csv's form; without it the input folder's train.csv.
        input: the input folder with its dataset.toml; without it the usual places.
        images: folder of the pictures; without it the input folder's train_images.
    """
    from severstal.annotations.formats import export_labels

    exported = export_labels(format, output, labels, input, images)
    print(f"{output}: {len(exported.table)} masks, {len(exported.images)} pictures")


def import_(
    format: Word[FormatName],
    path: Word[Path],
    output: Path,
    input: Path | None = None,
    images: Path | None = None,
    classes: tuple[str, ...] = (),
) -> None:
    """Read a labelling tool's annotations into a table in train.csv's form.

    Pixels whose centre lies in a shape belong to it; shapes of one class on one picture are united.

    Args:
        format: of the annotations; coco, labelme and cvat take any way to hold a mask.
        path: the file, or for labelme and png the folder.
        output: the table to write.
        input: the input folder, whose dataset.toml says the pictures' shape and the classes' names.
        images: folder of the pictures; without it the input folder's train_images.
        classes: LABEL=CLASSID for labels that dataset.toml names otherwise, such as scratch=1 "oil stain=2".
    """
    from severstal.annotations.formats import import_labels

    imported = import_labels(format, path, output, input, images, classes)
    for note in imported.notes:
        print(f"severstal: {note}", file=sys.stderr)
    print(f"{output}: {len(imported.table)} masks on {len(imported.listed)} pictures")
