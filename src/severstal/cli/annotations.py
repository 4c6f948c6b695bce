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
    1.1, masks), cvat-polygons, via (VGG Image Annotator 2), label-studio (polygons), label-studio-brush,
    labelbox (NDJSON as it exports), labelbox-upload (NDJSON as it imports). A new folder with one file per
    picture: labelme (polygons), labelme-masks, yolo (segmentation text), voc (SegmentationClass), png
    (palette index = class), png-classes (one folder per class). All of them come back pixel for pixel.
    RectLabel reads and writes coco, voc and yolo.

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
    path: Word[tuple[Path, ...]],
    output: Path,
    input: Path | None = None,
    images: Path | None = None,
    classes: tuple[str, ...] = (),
    skip_boxes: bool = False,
) -> None:
    """Read a labelling tool's annotations into a table in train.csv's form.

    Pixels whose centre lies in a shape belong to it; shapes of one class on one picture are united. What has
    no area (points, lines, tags, bounding boxes without an outline) is left out and counted. A table that is
    there already is added to: a mask in it is replaced only by a new one of the same picture and class.

    Args:
        format: of the annotations; coco, labelme, cvat, label-studio and labelbox take any kind of mask.
        path: one or more files, folders or ZIPs, as the tool exported them.
        output: the table to write, or to add to.
        input: the input folder, whose dataset.toml says the pictures' shape and the classes' names.
        images: folder of the pictures; without it the input folder's train_images.
        classes: LABEL=CLASSID for labels that dataset.toml names otherwise, such as scratch=1 "oil stain=2";
            of masks, a value such as 255=1, and 255=0 if 255 is the background.
        skip_boxes: leave rectangles out, which enclose a defect and do not outline it.
    """
    from severstal.annotations.formats import import_labels

    imported = import_labels(format, path, output, input, images, classes, skip_boxes)
    for note in imported.notes:
        print(f"severstal: {note}", file=sys.stderr)
    print(f"{output}: {len(imported.table)} masks on {len(imported.listed)} pictures")
