"""LabelMe JSON: a folder with one file per picture.

Source: `labelme/_label_file.py` and `labelme/utils/shape.py` of LabelMe 5. Its canvas puts (0, 0) at the
upper left corner of the first pixel, as `polygons` does; LabelMe's own command line tools draw with Pillow,
which sets every pixel that the outline passes through. What is written here gives the same mask either way.
"""

import base64
import json
import math
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePath
from typing import Any, Literal

import numpy as np

from severstal.annotations.archive import documents
from severstal.annotations.labels import LabelSet, Picture, Shape, Unusable, draw_each
from severstal.annotations.outside import listed, mapped, quote, read_foreign_json
from severstal.annotations.pictures import read_indices, write_indices
from severstal.annotations.polygons import outlines
from severstal.annotations.shapes import box, coordinate, ellipse, patch, polygon
from severstal.annotations.target import Target
from severstal.competition.rle import decode
from severstal.errors import SeverstalError
from severstal.files import atomic_folder

_VERSION = "5.5.0"  # whose form is written
_INSET = (
    0.25  # pixels; Pillow takes whole pixels from coordinates and sets both ends, so that this sets no more
)


def write(labels: LabelSet, path: Path, shapes: Literal["polygons", "masks"] = "polygons") -> None:
    """Write a folder with one file per picture: one polygon per component, or one mask per class.

    LabelMe opens the picture at `imagePath`, seen from the folder.

    Raises:
        SeverstalError: two pictures differ in their ending alone, or the folder holds something already.
    """
    names = labels.files(".json")
    with atomic_folder(path) as part:
        for image, rows in labels:
            drawn = []
            for class_id, runs in rows.items():
                mask, label = decode(runs, labels.spec.shape_of(image)), labels.spec.classes[class_id - 1]
                drawn += polygon_shapes(mask, label) if shapes == "polygons" else [_mask_shape(mask, label)]
            place = os.path.relpath(labels.folder, path) if labels.folder else ""
            content = labelme_file(drawn, PurePath(place, image).as_posix(), labels.spec.shape_of(image))
            (part / names[image]).write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")


def labelme_file(shapes: list[dict[str, Any]], image: str, shape: tuple[int, int]) -> dict[str, Any]:
    """The content of a file: shapes of one picture.

    Args:
        shapes: as `polygon_shapes` gives them.
        image: path of the picture as seen from the file.
        shape: height and width of the picture.
    """
    return {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": image,
        "imageData": None,
        "imageHeight": shape[0],
        "imageWidth": shape[1],
    }


def polygon_shapes(mask: np.ndarray, label: str, left: int = 0, top: int = 0) -> list[dict[str, Any]]:
    """A mask as polygons, one per component.

    Args:
        mask: (h, w), of a part of the picture or the whole.
        label: name of the class.
        left: where the mask's first column lies in the picture.
        top: where its first row lies.

    Example:
        >>> polygon_shapes(np.array([[True]]), "hole", left=5)[0]["points"]
        [[5.0, 0.0], [5.75, 0.0], [5.75, 0.75], [5.0, 0.75]]
    """
    moved = [corners + np.array([left, top]) for corners in outlines(mask, _INSET)]
    return [_shape_entry(label, "polygon", corners.tolist()) for corners in moved]


def _mask_shape(mask: np.ndarray, label: str) -> dict[str, Any]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    (top, bottom), (left, right) = rows[[0, -1]].tolist(), columns[[0, -1]].tolist()
    png = write_indices(mask[top : bottom + 1, left : right + 1])
    corners = [[left, top], [right, bottom]]
    return _shape_entry(label, "mask", corners) | {"mask": base64.b64encode(png).decode()}


def _shape_entry(label: str, kind: str, points: list[list[float]]) -> dict[str, Any]:
    return {
        "label": label,
        "points": points,
        "group_id": None,
        "description": "",
        "shape_type": kind,
        "flags": {},
        "mask": None,
    }


def read(path: Path, target: Target) -> Iterator[Picture]:
    """Read a folder of LabelMe's files and those below it, also of its versions 3 and 4, or a single file.

    Points and lines have no area and are left out.

    Raises:
        SeverstalError: a file is none of LabelMe's, a label is unknown, a picture is of another
            size, or a shape is damaged.
    """
    for file in documents(path, ".json"):
        content = mapped(read_foreign_json(file), str(file), "the file")
        entries = listed(content.get("shapes"), str(file), "shapes")
        name = content.get("imagePath")
        image = target.image(name, str(file)) if name else target.image_of_stem(file.stem, str(file))
        target.check_size(image, content.get("imageHeight"), content.get("imageWidth"), str(file))
        yield Picture(
            str(file), image, draw_each(entries, partial(_shape, image=image, file=file, target=target))
        )


def _shape(count: int, entry: Any, image: str, file: Path, target: Target) -> Iterator[Shape]:
    where, shape = f"{file} shape {count}", target.spec.shape_of(image)
    entry = mapped(entry, where, "the shape")
    kind = entry.get("shape_type") or "polygon"
    if kind not in ("polygon", "oriented_rectangle", "rectangle", "circle", "mask"):
        raise Unusable(where, f"a {quote(kind)} has no area")
    if kind.endswith("rectangle") and target.skip_boxes:
        raise Unusable(where, "a box is no outline")
    class_id = target.class_id(entry.get("label"), where)
    yield Shape(where, class_id, _draw(kind, entry, shape, where))


def _draw(kind: str, entry: dict[str, Any], shape: tuple[int, int], where: str) -> np.ndarray:
    points = listed(entry.get("points"), where, "points")
    if kind in ("polygon", "oriented_rectangle"):
        return polygon(points, shape, where)
    if kind == "rectangle" and len(points) == 4:
        return polygon(points, shape, where)
    if len(points) != 2 or not all(isinstance(point, list) and len(point) == 2 for point in points):
        raise SeverstalError(f"{where}: a {kind} needs two points x, y: draw it again")
    (x0, y0), (x1, y1) = ([coordinate(value, where) for value in point] for point in points)
    match kind:
        case "rectangle":
            return box(x0, y0, x1, y1, shape)
        case "circle":  # its centre, and a point of its edge
            radius = math.hypot(x1 - x0, y1 - y0)
            return ellipse(x0, y0, radius, radius, shape)
        case _:
            bits = _mask(entry.get("mask"), shape, where)
            # The corners name the first and the last pixel, unless the mask was moved by half a pixel.
            whole = all(value.is_integer() for value in (x0, y0, x1, y1))
            if whole and bits.shape != (y1 - y0 + 1, x1 - x0 + 1):
                raise SeverstalError(
                    f"{where}: the mask is {bits.shape[0]} x {bits.shape[1]}, its corners are "
                    f"{y1 - y0 + 1:.0f} x {x1 - x0 + 1:.0f} apart: draw it again"
                )
            return patch(bits, round(y0), round(x0), shape)


def _mask(text: Any, shape: tuple[int, int], where: str) -> np.ndarray:
    """The small PNG that a mask is kept in, (h, w) bool; no larger than the picture."""
    try:
        data = base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        raise SeverstalError(f"{where}: the mask is not in base64: draw it again") from None
    return read_indices(data, shape, where) != 0
