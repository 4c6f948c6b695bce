"""A result as plain JSON values and as rows of a table."""

from typing import TYPE_CHECKING, Any

import numpy as np

from severstal.annotations.counts import compress
from severstal.deploy.defects import Defect

if TYPE_CHECKING:
    from severstal.deploy.result import Result

RESULT_COLUMNS = (
    *("image", "frame", "defect", "class_id", "class_name", "area", "area_mm2", "left", "top", "width"),
    *("height", "centroid_x", "centroid_y", "defect_length", "defect_width", "length_mm", "width_mm"),
    *("mean_probability", "highest_probability", "touches_edge", "disagreement"),
)
"""Of the table of defects: `left` to `height` are the bounding box, `defect_length` and `defect_width` the
sides of the smallest turned rectangle, in pixels."""


def result_to_json(result: "Result", outlines: bool = True) -> dict[str, Any]:
    """Everything but pixels and probabilities as plain JSON values.

    Args:
        result: result of one picture.
        outlines: whether defects have their `contour` and `segmentation`, which take most of the time.
    """
    height, width = result.image_shape
    return {
        "image": image_label(result),
        "path": None if result.path is None else str(result.path),
        "frame": result.frame,
        "height": height,
        "width": width,
        "ok": result.ok,
        "model": result.model,
        "warnings": list(result.warnings),
        "speed_ms": {
            "reading": result.speed.reading,
            "network": result.speed.network,
            "rules": result.speed.rules,
        },
        "classes": [
            {
                "id": each.id,
                "name": each.name,
                "probability": each.probability,
                "found": each.found,
                "area": each.area,
            }
            for each in result.classes
        ],
        "defects": [_defect(defect, result.image_shape, outlines) for defect in result.defects],
    }


def defect_rows(result: "Result") -> list[dict[str, Any]]:
    """One row per defect, with the columns `RESULT_COLUMNS`."""
    return rows_of_json(result_to_json(result, outlines=False))


def rows_of_json(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The same from what `result_to_json` gave."""
    rows = []
    for defect in record["defects"]:
        left, top, width, height = defect["box"]
        x, y = defect["centroid"]
        of_picture = {"image": record["image"], "frame": record["frame"], "defect": defect["id"]}
        renamed = {
            **{"left": left, "top": top, "width": width, "height": height, "centroid_x": x, "centroid_y": y},
            **{"defect_length": defect["length"], "defect_width": defect["width"]},
        }
        rows.append({name: (of_picture | defect | renamed)[name] for name in RESULT_COLUMNS})
    return rows


def image_label(result: "Result") -> str:
    """What tables call the picture: the file's name, or that of the frame."""
    return result.name if result.path is None or result.frame is not None else result.path.name


def run_lengths(mask: np.ndarray, left: int, top: int, shape: tuple[int, int]) -> list[int]:
    """COCO's counts, down the columns, of a small mask that lies somewhere in a picture.

    Args:
        mask: (h, w) bool with at least one pixel set.
        left: column of the picture where its first column lies.
        top: row of the picture where its first row lies.
        shape: height and width of the picture.

    Example:
        >>> run_lengths(np.array([[True], [True]]), left=1, top=0, shape=(3, 2))
        [3, 2, 1]
    """
    columns, rows = np.nonzero(mask.T)
    places = (columns + left) * shape[0] + rows + top  # ascending
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    starts = places[np.concatenate([[0], breaks])]
    ends = places[np.concatenate([breaks - 1, [len(places) - 1]])] + 1
    edges = np.stack([starts, ends], axis=1).ravel()
    counts = np.diff(edges, prepend=0, append=shape[0] * shape[1]).tolist()
    return counts if counts[-1] else counts[:-1]


def _defect(defect: Defect, shape: tuple[int, int], outlines: bool) -> dict[str, Any]:
    found = {
        "id": defect.id,
        "class_id": defect.class_id,
        "class_name": defect.class_name,
        "area": defect.area,
        "area_mm2": defect.area_mm2,
        "box": list(defect.box),
        "centroid": [round(part, 3) for part in defect.centroid],
        "length": defect.length,
        "width": defect.width,
        "length_mm": defect.length_mm,
        "width_mm": defect.width_mm,
        "mean_probability": defect.mean_probability,
        "highest_probability": defect.highest_probability,
        "touches_edge": defect.touches_edge,
        "disagreement": defect.disagreement,
    }
    if outlines:
        left, top, _, _ = defect.box
        counts = run_lengths(defect.mask, left, top, shape)
        found["contour"] = defect.contour.tolist()
        found["segmentation"] = {"size": list(shape), "counts": compress(counts)}
    return found
