"""COCO JSON, "object detection" form: masks as compressed or plain run lengths, or as polygons.

Source: cocodataset.org, "Data format"; `pycocotools/mask.py` and `coco.py`. One annotation is the mask of one
class on one picture.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from severstal.annotations.counts import compress, counts_of, decompress, mask_of
from severstal.annotations.labels import Labels, Picture, Shape
from severstal.annotations.outside import listed, mapped, quote, read_foreign_json
from severstal.annotations.polygons import outlines
from severstal.annotations.shapes import polygon
from severstal.annotations.target import Target
from severstal.competition.rle import decode
from severstal.errors import SeverstalError
from severstal.files import write_text

Segmentation = Literal["compressed", "counts", "polygons"]


def write(labels: Labels, path: Path, segmentation: Segmentation = "compressed") -> None:
    """Write all labels into one file.

    Images count from 1 in the order of `labels.images`, annotations from 1, and a category's id is its
    `ClassId`. `iscrowd` is 0 throughout, as training code passes over crowds.
    """
    height, width = labels.spec.image_shape
    images, annotations = [], []
    for number, (image, rows) in enumerate(labels, start=1):
        images.append({"id": number, "file_name": image, "width": width, "height": height})
        for class_id, runs in rows.items():
            mask = decode(runs, labels.spec.image_shape)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": class_id,
                    "segmentation": _segmentation(mask, segmentation),
                    "area": int(mask.sum()),
                    "bbox": _box(mask),
                    "iscrowd": 0,
                }
            )
    content = {
        "info": {"description": labels.spec.name, "version": "1.0"},
        "licenses": [],
        "images": images,
        "annotations": annotations,
        "categories": [
            {"id": k, "name": name, "supercategory": ""}
            for k, name in enumerate(labels.spec.classes, start=1)
        ],
    }
    write_text(path, json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")


def _segmentation(mask: np.ndarray, form: Segmentation) -> Any:
    match form:
        case "compressed":
            return {"size": list(mask.shape), "counts": compress(counts_of(mask))}
        case "counts":
            return {"size": list(mask.shape), "counts": counts_of(mask)}
        case "polygons":
            return [corners.ravel().tolist() for corners in outlines(mask)]


def _box(mask: np.ndarray) -> list[int]:
    """Left, top, width and height, as COCO gives them."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    left, top = int(columns[0]), int(rows[0])
    return [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top]


def read(path: Path, target: Target) -> Iterator[Picture]:
    """Read a file that this project, pycocotools, CVAT, Label Studio or another tool wrote.

    Raises:
        SeverstalError: it is no such file, an id is double or leads nowhere, a label is unknown, a picture is
            unknown or of another size, or a mask cannot be drawn.
    """
    content = mapped(read_foreign_json(path), str(path), "the file")
    parts = {key: listed(content.get(key), str(path), key) for key in ("images", "annotations", "categories")}
    categories = _by_id(parts["categories"], path, "category")
    images = _by_id(parts["images"], path, "image")
    of_image: dict[Any, list[dict[str, Any]]] = {}
    for number, annotation in enumerate(parts["annotations"], start=1):
        entry = mapped(annotation, str(path), f"annotation number {number}")
        where = f"{path} annotation {quote(entry.get('id', number))}"
        for key, known in (("image_id", images), ("category_id", categories)):
            if not _is_id(entry.get(key)) or entry[key] not in known:
                raise SeverstalError(
                    f"{where}: {key} {quote(entry.get(key))} is not in the file: "
                    "correct or delete the annotation"
                )
        of_image.setdefault(entry["image_id"], []).append(entry | {"where": where})

    for number, image in images.items():
        where = f"{path} image {quote(number)}"
        name = target.image(image.get("file_name"), where)
        target.check_size(image.get("height"), image.get("width"), where)
        yield Picture(where, name, _shapes(of_image.get(number, []), categories, name, target))


def _by_id(entries: list[Any], path: Path, what: str) -> dict[Any, dict[str, Any]]:
    found = {}
    for number, value in enumerate(entries, start=1):
        entry = mapped(value, str(path), f"{what} number {number}")
        key = entry.get("id")
        if not _is_id(key):
            raise SeverstalError(f"{path}: {what} number {number} has no id: export the file again")
        if key in found:
            raise SeverstalError(f"{path}: {what} id {quote(key)} stands twice: give each its own")
        found[key] = entry
    return found


def _is_id(value: Any) -> bool:
    return type(value) in (int, str)


def _shapes(
    entries: list[dict[str, Any]], categories: dict[Any, dict[str, Any]], image: str, target: Target
) -> Iterator[Shape]:
    for entry in entries:
        yield _shape(entry, categories[entry["category_id"]].get("name"), image, target)


def _shape(entry: dict[str, Any], label: Any, image: str, target: Target) -> Shape:
    where = f"{entry['where']} ({image})"
    class_id = target.class_id(label, where)
    shape = target.spec.image_shape
    segmentation = entry.get("segmentation")
    if isinstance(segmentation, dict):
        size, counts = segmentation.get("size"), segmentation.get("counts")
        if size != list(shape):
            target.check_size(*(size if isinstance(size, list) and len(size) == 2 else (size, size)), where)
        if isinstance(counts, str):
            counts = decompress(counts, where)
        return Shape(where, class_id, mask_of(listed(counts, where, "counts"), shape, where))
    if not isinstance(segmentation, list) or not segmentation:
        raise SeverstalError(f"{where}: has no segmentation: outline the defect, a box alone is not enough")
    mask = np.zeros(shape, bool)
    for flat in segmentation:
        if not isinstance(flat, list) or len(flat) % 2:
            raise SeverstalError(f"{where}: a polygon is no list of x, y, x, y, ...: export the file again")
        mask |= polygon(list(zip(flat[::2], flat[1::2], strict=True)), shape, where)
    return Shape(where, class_id, mask)
