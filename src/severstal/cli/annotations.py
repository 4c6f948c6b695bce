"""Export of labels to labelling tools, and import from them."""

import sys
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from severstal.annotations.names import FormatName
from severstal.cli.arguments import InputFolder, Labels, OptionalFolder, OutputCsv, optional

Format = Positional[Annotated[FormatName, arg(metavar="FORMAT")]]
Annotations = Positional[Annotated[tuple[Path, ...], arg(metavar="FILE_OR_DIR...", help_behavior_hint="")]]


def export(
    format: Format,
    output: Annotated[Path, arg(metavar="FILE_OR_DIR")],
    labels: Labels = None,
    input: InputFolder = None,
    images: OptionalFolder = None,
) -> None:
    """Export labels to a labelling tool's format; images without a defect are listed too.

    Formats of one file: coco (compressed RLE), coco-counts (uncompressed RLE), coco-polygons, cvat (CVAT for
    images 1.1, masks), cvat-polygons, via (VGG Image Annotator 2), label-studio (polygons),
    label-studio-brush, labelbox (NDJSON as it exports), labelbox-upload (NDJSON as it imports).

    Formats of one file per image, in a new folder: labelme (polygons), labelme-masks, yolo (segmentation),
    voc (SegmentationClass), png (palette index = class), png-classes (one folder per class).

    Every format restores the exact pixels on import. RectLabel reads and writes coco, voc and yolo.

    Args:
        format: format of the annotations, one of those above.
        output: file to write, or new folder for formats of one file per image.
        labels: labels in the form of train.csv; by default train.csv of the input folder.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        images: folder of the images; by default train_images of the input folder.
    """
    from severstal.annotations.formats import export_labels

    exported = export_labels(format, output, labels, input, images)
    print(f"{output}: {_count(len(exported.table), 'mask')}, {_count(len(exported.images), 'image')}")


def import_(
    format: Format,
    path: Annotations,
    output: OutputCsv,
    input: InputFolder = None,
    images: OptionalFolder = None,
    classes: Annotated[tuple[str, ...], optional("LABEL=CLASSID...")] = (),
    skip_boxes: bool = False,
) -> None:
    """Import a labelling tool's annotations into a table in the form of train.csv.

    A pixel belongs to a shape if its centre lies inside; shapes of the same class on one image are united.
    Shapes without an area (points, lines, tags, bounding boxes without an outline) are skipped and counted.
    An existing table is extended: a mask in it is replaced only by a new one of the same image and class.

    Args:
        format: format of the annotations (see `severstal export --help`); coco, labelme, cvat, label-studio
            and labelbox read all their variants.
        path: files, folders or ZIPs that the tool exported.
        output: table to write or to extend.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        images: folder of the images; by default train_images of the input folder.
        classes: ClassId of each label that dataset.toml does not name, such as scratch=1 "oil stain=2"; for
            PNG masks, of each pixel value, such as 255=1 (255=0 for background).
        skip_boxes: skip rectangles, which enclose a defect but do not outline it.
    """
    from severstal.annotations.formats import import_labels

    imported = import_labels(format, path, output, input, images, classes, skip_boxes)
    for note in imported.notes:
        print(f"severstal: {note}", file=sys.stderr)
    print(f"{output}: {_count(len(imported.table), 'mask')} on {_count(len(imported.listed), 'image')}")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
