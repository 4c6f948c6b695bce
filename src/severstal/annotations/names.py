"""The names of the forms of annotations; apart from the code, so that `severstal --help` stays quick."""

from typing import Literal

FormatName = Literal[
    "coco",
    "coco-counts",
    "coco-polygons",
    "labelme",
    "labelme-masks",
    "cvat",
    "cvat-polygons",
    "via",
    "yolo",
    "label-studio",
    "label-studio-brush",
    "labelbox",
    "labelbox-upload",
    "voc",
    "png",
    "png-classes",
]
"""A tool or file format, and where it has more than one way to hold a mask, which."""
