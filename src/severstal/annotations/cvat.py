"""CVAT for images 1.1: one XML file, shapes as polygons, boxes, ellipses and masks.

Source: docs.cvat.ai, "XML annotation format" and `format-cvat`. A mask's run lengths go along the rows of its
own rectangle, an unset one first. Coordinates are pixels from the upper left corner of the picture.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np

from severstal.annotations.counts import counts_of, mask_of
from severstal.annotations.labels import LabelSet, Picture, Shape, Unusable, draw_each
from severstal.annotations.outside import quote, read_xml
from severstal.annotations.polygons import outlines
from severstal.annotations.shapes import box, coordinate, ellipse, patch, polygon
from severstal.annotations.target import Target
from severstal.competition.rle import decode
from severstal.errors import SeverstalError
from severstal.files import atomic_write

_NOT_IN_XML = re.compile(
    r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]"
)  # what XML cannot hold, or turns into a space


def write(labels: LabelSet, path: Path, shapes: Literal["masks", "polygons"] = "masks") -> None:
    """Write all labels into one file: one mask per class, or one polygon per component.

    Images count from 0 in the order of `labels.images`, as CVAT counts its frames.

    Raises:
        SeverstalError: the name of a picture or a class holds a letter that XML cannot.
    """
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    task = SubElement(SubElement(root, "meta"), "task")
    SubElement(task, "name").text = _text(labels.spec.name)
    SubElement(task, "size").text = str(len(labels.images))
    SubElement(task, "mode").text = "annotation"
    names = SubElement(task, "labels")
    for name in labels.spec.classes:
        label = SubElement(names, "label")
        SubElement(label, "name").text = _text(name)
        SubElement(label, "type").text = "any"
        SubElement(label, "attributes")
    for frame, (image, rows) in enumerate(labels):
        height, width = labels.spec.shape_of(image)
        size = {"width": str(width), "height": str(height)}
        entry = SubElement(root, "image", {"id": str(frame), "name": _text(image)} | size)
        for class_id, runs in rows.items():
            mask = decode(runs, labels.spec.shape_of(image))
            common = {"label": labels.spec.classes[class_id - 1], "source": "manual", "occluded": "0"}
            for kind, drawn in _mask(mask) if shapes == "masks" else _polygons(mask):
                SubElement(entry, kind, common | drawn | {"z_order": "0"})
    indent(root)
    with atomic_write(path) as part:
        ElementTree(root).write(part, encoding="utf-8", xml_declaration=True)


def _text(text: str) -> str:
    if _NOT_IN_XML.search(text):
        raise SeverstalError(f"{quote(text)}: XML cannot hold this name: rename it, or use another format")
    return text


def _mask(mask: np.ndarray) -> Iterator[tuple[str, dict[str, str]]]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, left = int(rows[0]), int(columns[0])
    inner = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    place = {"left": left, "top": top, "width": inner.shape[1], "height": inner.shape[0]}
    counts = ", ".join(map(str, counts_of(inner, "rows")))
    yield "mask", {"rle": counts} | {key: str(value) for key, value in place.items()}


def _polygons(mask: np.ndarray) -> Iterator[tuple[str, dict[str, str]]]:
    for corners in outlines(mask):
        yield "polygon", {"points": ";".join(f"{x},{y}" for x, y in corners.tolist())}


def read(path: Path, target: Target) -> Iterator[Picture]:
    """Read the file `annotations.xml` of an export as "CVAT for images 1.1".

    Tags, points, polylines, cuboids and skeletons have no area and are left out.

    Raises:
        SeverstalError: the file is no such export, a label is unknown, a picture is of another
            size, or a shape is damaged.
    """
    root = read_xml(path)
    if root.tag != "annotations" or root.find("track") is not None:
        raise SeverstalError(f'{path}: no image annotations: export the task as "CVAT for images 1.1"')
    for count, entry in enumerate(root.iter("image"), start=1):
        where = f"{path} image {count}"
        name = target.image(entry.get("name"), where)
        target.check_size(name, entry.get("height"), entry.get("width"), where)
        yield Picture(
            where,
            name,
            draw_each(entry, partial(_shape, image=name, picture=f"{where} ({name})", target=target)),
        )


def _shape(count: int, element: Element, image: str, picture: str, target: Target) -> Iterator[Shape]:
    drawers: dict[str, Callable[[Element, tuple[int, int], str], np.ndarray]] = {
        "polygon": _draw_polygon,
        "box": _draw_box,
        "ellipse": _draw_ellipse,
        "mask": _draw_mask,
    }
    where = f"{picture} shape {count}"
    if element.tag not in drawers:
        raise Unusable(where, f"a {quote(element.tag)} has no area")
    if element.tag == "box" and target.skip_boxes:
        raise Unusable(where, "a box is no outline")
    class_id = target.class_id(element.get("label"), where)
    yield Shape(where, class_id, drawers[element.tag](element, target.spec.shape_of(image), where))


def _numbers(element: Element, where: str, *names: str) -> list[float]:
    return [coordinate(element.get(name), where) for name in names]


def _draw_polygon(element: Element, shape: tuple[int, int], where: str) -> np.ndarray:
    points = element.get("points", "").split(";") if element.get("points") else []
    return polygon([point.split(",") for point in points], shape, where)


def _draw_box(element: Element, shape: tuple[int, int], where: str) -> np.ndarray:
    corners = _numbers(element, where, "xtl", "ytl", "xbr", "ybr")
    return box(*corners, shape, coordinate(element.get("rotation", "0"), where))


def _draw_ellipse(element: Element, shape: tuple[int, int], where: str) -> np.ndarray:
    middle = _numbers(element, where, "cx", "cy", "rx", "ry")
    return ellipse(*middle, shape, coordinate(element.get("rotation", "0"), where))


def _draw_mask(element: Element, shape: tuple[int, int], where: str) -> np.ndarray:
    left, top, width, height = (
        int(value) for value in _numbers(element, where, "left", "top", "width", "height")
    )
    if not (0 < width <= shape[1] and 0 < height <= shape[0]):
        raise SeverstalError(
            f"{where}: the mask is {height} x {width}, the picture {shape[0]} x {shape[1]}: draw it again"
        )
    counts = [_whole(text.strip()) for text in element.get("rle", "").split(",")]
    return patch(mask_of(counts, (height, width), where, "rows"), top, left, shape)


def _whole(text: str) -> int | str:
    """A whole number from 0 of at most 19 digits; any other text as it is, for an error to show."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else text
