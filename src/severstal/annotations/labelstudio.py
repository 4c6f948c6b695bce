"""Label Studio JSON: a list of tasks, with polygons, brush strokes, rectangles and ellipses.

Source: labelstud.io/guide/export ("JSON" and "JSON_MIN") and labelstud.io/tags, "Result parameters".
Coordinates are per cent of the picture's sides, from its upper left corner.
"""

import json
import math
import posixpath
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import numpy as np

from severstal.annotations.brush import pack_brush, unpack_brush
from severstal.annotations.labels import LabelSet, Picture, Shape, Unusable, draw_each
from severstal.annotations.outside import listed, mapped, quote, read_foreign_json
from severstal.annotations.polygons import outlines
from severstal.annotations.shapes import box, coordinate, ellipse, polygon
from severstal.annotations.target import Target
from severstal.competition.rle import decode
from severstal.errors import SeverstalError
from severstal.files import write_text

_FROM, _TO, _IMAGE = "label", "image", "image"  # names of the tags of Label Studio's own templates


def write(labels: LabelSet, path: Path, shapes: Literal["polygons", "brush"] = "polygons") -> None:
    """Write tasks that Label Studio imports: one polygon per component, or one brush stroke per class.

    Pictures are looked for by their path below the local storage, `/data/local-files/?d=FOLDER/NAME`. The
    labelling interface needs an `Image` tag named `image` and, for it, `PolygonLabels` or `BrushLabels`
    named `label`.
    """
    tasks = []
    for number, (image, rows) in enumerate(labels, start=1):
        height, width = labels.spec.shape_of(image)
        results: list[dict[str, Any]] = []
        for class_id, runs in rows.items():
            mask = decode(runs, labels.spec.shape_of(image))
            for kind, value in _polygons(mask) if shapes == "polygons" else _brush(mask):
                results.append(
                    {
                        "id": f"{number}-{len(results) + 1}",
                        "type": kind,
                        "value": value | {kind: [labels.spec.classes[class_id - 1]]},
                        "from_name": _FROM,
                        "to_name": _TO,
                        "original_width": width,
                        "original_height": height,
                        "image_rotation": 0,
                        "origin": "manual",
                    }
                )
        place = f"/data/local-files/?d={labels.folder.as_posix()}/{image}" if labels.folder else image
        annotation = {"id": number, "result": results, "was_cancelled": False, "ground_truth": False}
        tasks.append({"id": number, "data": {_IMAGE: place}, "annotations": [annotation], "predictions": []})
    write_text(path, json.dumps(tasks, ensure_ascii=False, separators=(",", ":")) + "\n")


def _polygons(mask: np.ndarray) -> Iterator[tuple[str, dict[str, Any]]]:
    height, width = mask.shape
    for corners in outlines(mask):
        points = [[100 * x / width, 100 * y / height] for x, y in corners.tolist()]
        yield "polygonlabels", {"points": points, "closed": True}


def _brush(mask: np.ndarray) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "brushlabels", {"format": "rle", "rle": pack_brush(mask)}


def read(path: Path, target: Target) -> Iterator[Picture]:
    """Read an export as "JSON" or "JSON_MIN".

    Of several annotations of a picture the one marked as ground truth counts, else the last that was not
    cancelled; a task without any is as if it were not listed. Key points, choices and lines have no area and
    are left out, as are shapes drawn on a rotated picture.

    Raises:
        SeverstalError: the file is no such export, a label is unknown, a picture is of another
            size, or a shape is damaged.
    """
    for count, value in enumerate(listed(read_foreign_json(path), str(path), "the file"), start=1):
        where = f"{path} task {count}"
        task = mapped(value, where, "the task")
        results = _results(task, where)
        if results is None:
            continue
        image = target.image(_name(task, target, where), where)
        draw = partial(_shape, image=image, picture=where, target=target, drawn=_labelled(results))
        yield Picture(where, image, draw_each(results, draw))


def _results(task: dict[str, Any], where: str) -> list[Any] | None:
    """Return the annotated results; None where the picture is not annotated yet."""
    if "annotations" not in task:
        if "data" in task:
            raise SeverstalError(f"{where}: has no annotations: export the project as JSON")
        # JSON_MIN has the values alone, in a list by the name of the tag
        values = [value for key, value in task.items() if isinstance(value, list)]
        return [{"value": entry} | entry for value in values for entry in value if isinstance(entry, dict)]
    entries = [
        mapped(entry, where, "the annotation") for entry in listed(task["annotations"], where, "annotations")
    ]
    kept = [entry for entry in entries if not entry.get("was_cancelled")]
    if not kept:
        return None
    chosen = next((entry for entry in kept if entry.get("ground_truth")), kept[-1])
    return listed(chosen.get("result"), where, "result")


def _name(task: dict[str, Any], target: Target, where: str) -> Any:
    """The picture's file name: of an upload, of local storage, or the end of an address."""
    data = task.get("data", task)
    texts = [value for value in mapped(data, where, "data").values() if isinstance(value, str)]
    places = [data[_IMAGE]] if isinstance(data.get(_IMAGE), str) else texts
    if not places and isinstance(task.get("file_upload"), str):
        places = [task["file_upload"]]
    for place in places:
        parts = urlsplit(place) if "://" in place or place.startswith("/data/") else None
        local = parse_qs(parts.query).get("d", [""])[0] if parts else ""
        name = posixpath.basename(local or (parts.path if parts else place.replace("\\", "/")))
        if target.has(name) or place is places[-1]:
            return name
    return None


def _labelled(results: list[Any]) -> set[Any]:
    """Ids of the regions that carry a label; tags apart from the shapes repeat each region without one."""
    return {
        entry.get("id") for entry in results if isinstance(entry, dict) and _labels_of(entry.get("value"))
    }


def _labels_of(value: Any) -> list[Any]:
    if not isinstance(value, dict):
        return []
    return next(
        (list_ for key, list_ in value.items() if key.endswith("labels") and isinstance(list_, list)), []
    )


def _shape(
    count: int, entry: Any, image: str, picture: str, target: Target, drawn: set[Any]
) -> Iterator[Shape | Unusable]:
    where, shape = f"{picture} ({image}) result {count}", target.spec.shape_of(image)
    entry = mapped(entry, where, "the result")
    value, kind = mapped(entry.get("value"), where, "value"), entry.get("type")
    named = _labels_of(value)
    if not named and entry.get("id") is not None and entry["id"] in drawn:
        return  # the same region stands there once more, with its label
    corners = "points" in value
    stroke, oval = "rle" in value, "radiusX" in value
    rectangle = "width" in value and "height" in value
    if not (corners or stroke or oval or rectangle):
        words = (
            quote(kind) if kind else quote(next((key for key in value if key.endswith("labels")), "choice"))
        )
        raise Unusable(where, f"a {words} has no area")
    if not named:
        raise Unusable(where, "has no label")
    if entry.get("image_rotation"):
        raise Unusable(where, "was drawn on a rotated picture")
    if rectangle and target.skip_boxes:
        raise Unusable(where, "a box is no outline")
    target.check_size(image, entry.get("original_height"), entry.get("original_width"), where)
    class_ids = [target.class_id(label, where) for label in named]
    if corners:
        mask = _draw_polygon(value["points"], shape, where)
    elif stroke:
        mask = unpack_brush(listed(value["rle"], where, "rle"), shape, where)
    else:
        mask = _draw_round(value, shape, where) if oval else _draw_rectangle(value, shape, where)
    for class_id in class_ids:
        yield Shape(where, class_id, mask)


def _draw_polygon(points: Any, shape: tuple[int, int], where: str) -> np.ndarray:
    corners = []
    for point in listed(points, where, "points"):
        if not isinstance(point, list) or len(point) != 2:
            raise SeverstalError(f"{where}: a corner is not a pair x, y: draw the shape again")
        corners.append(
            (coordinate(point[0], where) * shape[1] / 100, coordinate(point[1], where) * shape[0] / 100)
        )
    return polygon(corners, shape, where)


def _draw_rectangle(value: dict[str, Any], shape: tuple[int, int], where: str) -> np.ndarray:
    """Draw a rectangle, rotated about its upper left corner as in Label Studio."""
    x, y, width, height = _lengths(value, ("x", "y", "width", "height"), shape, where)
    turn = math.radians(coordinate(value.get("rotation", 0), where))
    across = np.array([math.cos(turn), math.sin(turn)]) * width
    down = np.array([-math.sin(turn), math.cos(turn)]) * height
    if not width or not height:
        return np.zeros(shape, bool)
    if not turn:
        return box(x, y, x + width, y + height, shape)
    corner = np.array([x, y])
    return polygon(
        [tuple(c) for c in (corner, corner + across, corner + across + down, corner + down)], shape, where
    )


def _draw_round(value: dict[str, Any], shape: tuple[int, int], where: str) -> np.ndarray:
    lengths = _lengths(value, ("x", "y", "radiusX", "radiusY"), shape, where)
    return ellipse(*lengths, shape, coordinate(value.get("rotation", 0), where))


def _lengths(
    value: dict[str, Any], names: tuple[str, ...], shape: tuple[int, int], where: str
) -> tuple[float, ...]:
    """Per cent in pixels, of the width and of the height by turns."""
    return tuple(
        coordinate(value.get(name), where) * shape[1 - place % 2] / 100 for place, name in enumerate(names)
    )
