"""Labelbox NDJSON: one line per picture as it is exported, or one line per shape as it is imported.

Source: docs.labelbox.com, "Image annotations" of the export (`data_row`, `media_attributes`, `projects`) and
"Import image annotations" (`dataRow`, `polygon`, `mask`). Coordinates are pixels from the upper left corner.
"""

import base64
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from severstal.annotations.labels import LabelSet, Picture, Shape, Unusable, draw_each
from severstal.annotations.outside import listed, mapped, quote, read_lines
from severstal.annotations.pictures import read_indices
from severstal.annotations.polygons import outlines
from severstal.annotations.shapes import box, coordinate, polygon
from severstal.annotations.target import Target
from severstal.competition.rle import decode
from severstal.errors import SeverstalError
from severstal.files import write_text

_KINDS = {
    "polygon": "polygon",
    "bounding_box": "box",
    "bbox": "box",
    "mask": "mask",
    "composite_mask": "mask",
}


def write(labels: LabelSet, path: Path, form: Literal["export", "upload"] = "export") -> None:
    """Write one polygon per component: one line per picture, as Labelbox exports them, or one per polygon.

    As "upload" the lines are what Labelbox imports, with a picture's name as its global key; clean pictures
    have none.
    """
    lines: list[dict[str, Any]] = []
    for image, rows in labels:
        objects = [
            {
                "name": labels.spec.classes[class_id - 1],
                "polygon": [{"x": x, "y": y} for x, y in corners.tolist()],
            }
            for class_id, runs in rows.items()
            for corners in outlines(decode(runs, labels.spec.shape_of(image)))
        ]
        if form == "upload":
            lines += [entry | {"classifications": [], "dataRow": {"globalKey": image}} for entry in objects]
        else:
            lines.append(_row(image, objects, labels))
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    write_text(path, text)


def _row(image: str, objects: list[dict[str, Any]], labels: LabelSet) -> dict[str, Any]:
    height, width = labels.spec.shape_of(image)
    entries = [
        entry | {"value": entry["name"], "annotation_kind": "ImagePolygon", "classifications": []}
        for entry in objects
    ]
    annotations = {"objects": entries, "classifications": [], "relationships": []}
    project = {"name": labels.spec.name, "labels": [{"label_kind": "Default", "annotations": annotations}]}
    return {
        "data_row": {"id": image, "external_id": image, "global_key": image},
        "media_attributes": {"height": height, "width": width, "asset_type": "image"},
        "projects": {labels.spec.name: project},
    }


def read(path: Path, target: Target) -> Iterator[Picture]:
    """Read an export, or lines made for an import.

    Points and lines have no area and are left out; so are masks that Labelbox keeps at an address of its
    own, as nothing is downloaded: export those as polygons, or download them and import them as png-classes.

    Raises:
        SeverstalError: a line is no such object, a label is unknown, a picture is of another size,
            or a shape is damaged.
    """
    rows = [(f"{path} line {count}", line) for count, line in read_lines(path)]
    uploads: dict[str, list[tuple[str, Any]]] = {}
    for where, value in rows:
        line = mapped(value, where, "the line")
        if "dataRow" in line:
            key = mapped(line["dataRow"], where, "dataRow")
            image = target.image(key.get("globalKey", key.get("id")), where)
            uploads.setdefault(image, []).append((where, line))
        elif "data_row" in line:
            yield _picture(where, line, target)
        else:
            raise SeverstalError(f"{where}: names no data row: export the project as NDJSON")
    for image, lines in uploads.items():
        draw = partial(_shape, image=image, target=target)
        yield Picture(lines[0][0], image, draw_each([(f"{w} ({image})", line) for w, line in lines], draw))


def _picture(where: str, line: dict[str, Any], target: Target) -> Picture:
    row = mapped(line["data_row"], where, "data_row")
    names = [
        row[key] for key in ("external_id", "global_key", "row_data", "id") if isinstance(row.get(key), str)
    ]
    image = target.image(
        next((name for name in names if target.has(name)), names[0] if names else None), where
    )
    size = line.get("media_attributes") or {}
    target.check_size(image, size.get("height"), size.get("width"), where)
    objects: list[tuple[str, Any]] = []
    for project in mapped(line.get("projects"), where, "projects").values():
        labels = listed(mapped(project, where, "the project").get("labels"), where, "labels")
        for label in labels:
            annotations = mapped(mapped(label, where, "the label").get("annotations"), where, "annotations")
            for entry in listed(annotations.get("objects"), where, "objects"):
                objects.append((f"{where} ({image}) object {len(objects) + 1}", entry))
    return Picture(where, image, draw_each(objects, partial(_shape, image=image, target=target)))


def _shape(_: int, entry: tuple[str, Any], image: str, target: Target) -> Iterator[Shape]:
    where, shape = entry[0], target.spec.shape_of(image)
    value = mapped(entry[1], where, "the object")
    key = next((key for key in _KINDS if key in value), None)
    if key is None:
        kind = value.get("annotation_kind") or next(
            (k for k in ("point", "line") if k in value), "classification"
        )
        raise Unusable(where, f"a {quote(kind)} has no area")
    if _KINDS[key] == "box" and target.skip_boxes:
        raise Unusable(where, "a box is no outline")
    drawn = value[key]
    if _KINDS[key] == "mask" and not (isinstance(drawn, dict) and "png" in drawn):
        raise Unusable(where, "its mask is not in the file, but at an address of Labelbox")
    class_id = target.class_id(value.get("name"), where)
    yield Shape(where, class_id, _draw(_KINDS[key], drawn, shape, where))


def _draw(kind: str, drawn: Any, shape: tuple[int, int], where: str) -> np.ndarray:
    if kind == "polygon":
        points = [mapped(point, where, "a corner") for point in listed(drawn, where, "polygon")]
        return polygon([(point.get("x"), point.get("y")) for point in points], shape, where)
    drawn = mapped(drawn, where, kind)
    if kind == "box":
        names = ("left", "top", "width", "height")
        left, top, width, height = (coordinate(drawn.get(name), where) for name in names)
        return box(left, top, left + width, top + height, shape)
    try:
        data = base64.b64decode(drawn["png"], validate=True)
    except (TypeError, ValueError):
        raise SeverstalError(f"{where}: the mask is not in base64: export it again") from None
    mask = read_indices(data, shape, where) != 0
    if mask.shape != shape:
        raise SeverstalError(
            f"{where}: the mask is {mask.shape[0]} x {mask.shape[1]}, the picture {shape[0]} x {shape[1]}: "
            "export it again"
        )
    return mask
