"""COCO JSON, "object detection" form: masks as compressed or plain run lengths, or as polygons.

Source: cocodataset.org, "Data format"; `pycocotools/mask.py` and `coco.py`. One annotation is the mask of one
class on one picture.
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from severstal.annotations.counts import compress, counts_of, decompress, mask_of
from severstal.annotations.labels import LabelSet, Picture, Shape, Unusable, draw_each
from severstal.annotations.outside import listed, mapped, quote, read_foreign_json
from severstal.annotations.polygons import outlines
from severstal.annotations.shapes import polygon
from severstal.annotations.target import Target
from severstal.competition.rle import decode
from severstal.errors import SeverstalError
from severstal.files import write_text

Segmentation = Literal["compressed", "counts", "polygons"]


def write(labels: LabelSet, path: Path, segmentation: Segmentation = "compressed") -> None:
    """Write all labels into one file.

    Images count from 1 in the order of `labels.images`, annotations from 1, and a category's id is its
    `ClassId`. `iscrowd` is 0 throughout, as training code passes over crowds.
    """
    images, annotations = [], []
    for number, (image, rows) in enumerate(labels, start=1):
        height, width = labels.spec.shape_of(image)
        images.append({"id": number, "file_name": image, "width": width, "height": height})
        for class_id, runs in rows.items():
            mask = decode(runs, labels.spec.shape_of(image))
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
    """Left, top, width and height, as in COCO."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    left, top = int(columns[0]), int(rows[0])
    return [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top]


def read(path: Path, target: Target) -> Iterator[Picture]:
    """Read a file that this project, pycocotools, CVAT, Label Studio, Roboflow, VIA or another tool wrote.

    Ids may be whole numbers, floats or text (`1`, `1.0`, `"1"` are the same), sizes numbers, text or absent.
    Boxes and keypoints without a segmentation, and polygons of fewer than three corners, are left out.

    Raises:
        SeverstalError: the file is not COCO's, an id is double or refers to nothing, a label is unknown, a
            picture is of another size, or a mask is damaged.
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
            if _id(entry.get(key)) not in known:
                raise SeverstalError(
                    f"{where}: {key} {quote(entry.get(key))} is not in the file: "
                    "correct or delete the annotation"
                )
        of_image.setdefault(_id(entry["image_id"]), []).append(entry | {"where": where})

    for number, image in images.items():
        where = f"{path} image {quote(number)}"
        name = target.image(image.get("file_name"), where)
        target.check_size(name, image.get("height"), image.get("width"), where)
        draw = partial(_shapes, categories=categories, image=name, target=target)
        yield Picture(where, name, draw_each(of_image.get(number, []), draw))


def _by_id(entries: list[Any], path: Path, what: str) -> dict[Any, dict[str, Any]]:
    found = {}
    for number, value in enumerate(entries, start=1):
        entry = mapped(value, str(path), f"{what} number {number}")
        key = _id(entry.get("id"))
        if key is None:
            raise SeverstalError(f"{path}: {what} number {number} has no id: export the file again")
        if key in found:
            raise SeverstalError(f"{path}: {what} id {quote(key)} is used twice: give each entry its own id")
        found[key] = entry
    return found


def _id(value: Any) -> int | str | None:
    """A whole number however it is written, another text as it is; None where it is no id."""
    if type(value) is float and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    return value if type(value) in (int, str) else None


def _shapes(
    _: int, entry: dict[str, Any], categories: dict[Any, dict[str, Any]], image: str, target: Target
) -> Iterator[Shape | Unusable]:
    where, shape = f"{entry['where']} ({image})", target.spec.shape_of(image)
    segmentation = entry.get("segmentation")
    if not segmentation or (isinstance(segmentation, dict) and segmentation.get("counts") in ([], "", None)):
        raise Unusable(where, "has no segmentation, as boxes and keypoints have none")
    category = categories[_id(entry["category_id"])]
    class_id = target.class_id(category.get("name", category["id"]), where)
    if isinstance(segmentation, dict):
        size, counts = segmentation.get("size"), segmentation.get("counts")
        if size != list(shape):
            target.check_size(
                image, *(size if isinstance(size, list) and len(size) == 2 else (size, size)), where
            )
        if isinstance(counts, str):
            counts = decompress(counts, where)
        yield Shape(where, class_id, mask_of(listed(counts, where, "counts"), shape, where))
        return
    polygons = listed(segmentation, where, "segmentation")
    if not any(isinstance(part, list) for part in polygons):
        polygons = [polygons]  # VIA writes a single polygon without the list around it
    mask = np.zeros(shape, bool)
    for flat in polygons:
        if not isinstance(flat, list) or len(flat) % 2:
            raise SeverstalError(
                f"{where}: a polygon is not a list of x, y, x, y, ...: export the file again"
            )
        try:
            mask |= polygon(list(zip(flat[::2], flat[1::2], strict=True)), shape, where)
        except Unusable as fault:
            yield fault
            if len(polygons) == 1:
                return
    yield Shape(where, class_id, mask)
