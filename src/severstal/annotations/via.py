"""VIA JSON, of the VGG Image Annotator 2: a project, or its exported annotations.

Source: `CodeDoc.md`, "Description of VIA Project JSON File", of via-2.x.y. The form keeps no size of the
pictures, so that a wrong one cannot be found out here.
"""

import json
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from severstal.annotations.labels import LabelSet, Picture, Shape, Unusable, draw_each
from severstal.annotations.outside import listed, mapped, quote, read_foreign_json
from severstal.annotations.polygons import outlines
from severstal.annotations.shapes import box, coordinate, ellipse, polygon
from severstal.annotations.target import Target
from severstal.competition.rle import decode
from severstal.errors import SeverstalError
from severstal.files import write_text

_ATTRIBUTE = "class"  # of a region; VIA itself has no labels but attributes with any name


def write(labels: LabelSet, path: Path) -> None:
    """Write a project that VIA 2 opens, with one polygon per component and the class as a region's attribute.

    VIA finds a picture in the folder `labels.folder`, and identifies it by its name and its size in bytes.
    """
    classes = {name: name for name in labels.spec.classes}
    metadata = {}
    for image, rows in labels:
        size = (labels.folder / image).stat().st_size if labels.folder else -1
        regions = [
            {
                "shape_attributes": {
                    "name": "polygon",
                    "all_points_x": corners[:, 0].tolist(),
                    "all_points_y": corners[:, 1].tolist(),
                },
                "region_attributes": {_ATTRIBUTE: labels.spec.classes[class_id - 1]},
            }
            for class_id, runs in rows.items()
            for corners in outlines(decode(runs, labels.spec.shape_of(image)))
        ]
        metadata[f"{image}{size}"] = {
            "filename": image,
            "size": size,
            "regions": regions,
            "file_attributes": {},
        }
    dropdown = {"type": "dropdown", "description": "", "options": classes, "default_options": {}}
    content = {
        "_via_settings": _settings(labels),
        "_via_img_metadata": metadata,
        "_via_attributes": {"region": {_ATTRIBUTE: dropdown}, "file": {}},
        "_via_data_format_version": "2.0.10",
        "_via_image_id_list": list(metadata),
    }
    write_text(path, json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")


def _settings(labels: LabelSet) -> dict[str, Any]:
    """VIA's own defaults, without which it opens no project."""
    folder = f"{labels.folder.as_posix()}/" if labels.folder else ""
    return {
        "ui": {
            "annotation_editor_height": 25,
            "annotation_editor_fontsize": 0.8,
            "leftsidebar_width": 18,
            "image_grid": {
                "img_height": 80,
                "rshape_fill": "none",
                "rshape_fill_opacity": 0.3,
                "rshape_stroke": "yellow",
                "rshape_stroke_width": 2,
                "show_region_shape": True,
                "show_image_policy": "all",
            },
            "image": {
                "region_label": _ATTRIBUTE,
                "region_color": _ATTRIBUTE,
                "region_label_font": "10px Sans",
                "on_image_annotation_editor_placement": "NEAR_REGION",
            },
        },
        "core": {"buffer_size": 18, "filepath": {}, "default_filepath": folder},
        "project": {"name": labels.spec.name},
    }


def read(path: Path, target: Target) -> Iterator[Picture]:
    """Read a project or exported annotations of VIA 2, or of VIA 1, whose regions are numbered by keys.

    The class of a region is its attribute `class`, its only one, or the one that names a class of the data
    set. Points and polylines have no area, and regions without any attribute no class: they are left out.

    Raises:
        SeverstalError: the file is no such export, a label is unknown, or a region is damaged.
    """
    content = mapped(read_foreign_json(path), str(path), "the file")
    metadata = mapped(content.get("_via_img_metadata", content), str(path), "_via_img_metadata")
    for count, value in enumerate(metadata.values(), start=1):
        where = f"{path} picture {count}"
        entry = mapped(value, where, "the picture")
        regions = entry.get("regions")
        if isinstance(regions, dict):
            regions = list(regions.values())
        regions = listed(regions or [], where, "regions")
        image = target.image(entry.get("filename"), where)
        yield Picture(
            where,
            image,
            draw_each(regions, partial(_shape, image=image, picture=f"{where} ({image})", target=target)),
        )


def _shape(count: int, value: Any, image: str, picture: str, target: Target) -> Iterator[Shape]:
    where, shape = f"{picture} region {count}", target.spec.shape_of(image)
    region = mapped(value, where, "the region")
    drawn = mapped(region.get("shape_attributes"), where, "shape_attributes")
    kind = drawn.get("name")
    if not isinstance(kind, str):
        raise SeverstalError(f"{where}: its shape has no name: draw the region again")
    if kind not in ("polygon", "rect", "circle", "ellipse"):
        raise Unusable(where, f"a {quote(kind)} has no area")
    if kind == "rect" and target.skip_boxes:
        raise Unusable(where, "a box is no outline")
    attributes = mapped(region.get("region_attributes"), where, "region_attributes")
    if not attributes:
        raise Unusable(where, "has no attribute that could name its class")
    class_id = target.class_id(_label(attributes, target, where), where)
    yield Shape(where, class_id, _draw(drawn, shape, where))


def _draw(drawn: dict[str, Any], shape: tuple[int, int], where: str) -> np.ndarray:
    def numbers(*names: str) -> list[float]:
        return [coordinate(drawn.get(name), where) for name in names]

    match drawn.get("name"):
        case "polygon":
            across, down = (
                listed(drawn.get(f"all_points_{axis}"), where, f"all_points_{axis}") for axis in "xy"
            )
            if len(across) != len(down):
                raise SeverstalError(
                    f"{where}: has {len(across)} x and {len(down)} y coordinates: draw it again"
                )
            return polygon(list(zip(across, down, strict=True)), shape, where)
        case "rect":
            x, y, width, height = numbers("x", "y", "width", "height")
            return box(x, y, x + width, y + height, shape)
        case "circle":
            x, y, radius = numbers("cx", "cy", "r")
            return ellipse(x, y, radius, radius, shape)
        case _:
            turn = math.degrees(coordinate(drawn.get("theta", 0), where))
            return ellipse(*numbers("cx", "cy", "rx", "ry"), shape, turn)


def _label(attributes: dict[str, Any], target: Target, where: str) -> Any:
    values = {name: _ticked(value) for name, value in attributes.items()}
    if _ATTRIBUTE in values:
        return values[_ATTRIBUTE]
    if len(values) == 1:
        return next(iter(values.values()))
    known = {value for value in values.values() if target.knows(value) and not str(value).isdecimal()}
    if len(known) != 1:
        names = ", ".join(map(quote, attributes))
        raise SeverstalError(
            f"{where}: its attributes are {names[:200]}: give the class in an attribute named {_ATTRIBUTE!r}"
        )
    return known.pop()


def _ticked(value: Any) -> Any:
    """The only name that is ticked of check boxes; any other value as it is."""
    if not isinstance(value, dict):
        return value
    ticked = [name for name, on in value.items() if on is True]
    return ticked[0] if len(ticked) == 1 else value
