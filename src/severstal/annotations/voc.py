"""PASCAL VOC: `SegmentationClass` with indexed or coloured PNGs, or `Annotations` with polygons in XML.

Source: the development kit of VOC 2012; docs.cvat.ai, "Pascal VOC" and "Segmentation mask", for
`labelmap.txt`; `labelme2voc.py` of LabelMe for `class_names.txt`; Roboflow's and RectLabel's XML for
`<polygon>`. Index 255, the border that VOC draws around objects, is no class.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from severstal.annotations.folder import files_of
from severstal.annotations.labels import LabelSet, Picture, Shape, Unusable, draw_each
from severstal.annotations.outside import read_bytes, read_text, read_xml
from severstal.annotations.pictures import read_colours, write_indices
from severstal.annotations.png import index_picture, palette
from severstal.annotations.shapes import coordinate, polygon
from severstal.annotations.target import Target
from severstal.errors import SeverstalError
from severstal.files import atomic_folder

_BACKGROUND = ("background", "_background_", "__background__")
_IGNORED = "__ignore__"  # LabelMe's name of index 255
_VOID = 255
_VOID_COLOUR = (224, 224, 192)  # of index 255 in VOC's palette


class _Legend(NamedTuple):
    """Meaning of the values of masks: names by index, and by colour; empty where no file gives it."""

    indices: dict[int, str]
    colours: dict[tuple[int, ...] | None, str]


def write(labels: LabelSet, path: Path) -> None:
    """Write one `SegmentationClass/NAME.png` per picture, `labelmap.txt` and `ImageSets/Segmentation`.

    Raises:
        SeverstalError: two classes overlap, two pictures differ in their ending alone, a class's name holds a
            colon or a line end, or the folder holds something already.
    """
    names, colours = labels.files(".png"), palette()
    lines = ["# label:color_rgb:parts:actions", "background:0,0,0::"]
    for k, name in enumerate(labels.spec.classes, start=1):
        if re.search("[:\r\n]", name) or name.startswith("#"):
            raise SeverstalError(f"{name!r}: labelmap.txt cannot hold this class's name: rename it")
        lines.append(f"{name}:{','.join(str(value) for value in colours[3 * k : 3 * k + 3])}::")
    with atomic_folder(path) as part:
        (part / "SegmentationClass").mkdir()
        (part / "ImageSets" / "Segmentation").mkdir(parents=True)
        for image, rows in labels:
            data = write_indices(index_picture(image, rows, labels), colours)
            (part / "SegmentationClass" / names[image]).write_bytes(data)
        stems = "".join(f"{Path(name).stem}\n" for name in names.values())
        (part / "ImageSets" / "Segmentation" / "default.txt").write_text(stems, encoding="utf-8")
        (part / "labelmap.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read(path: Path, target: Target) -> Iterator[Picture]:
    """Read the masks of `SegmentationClass`, or else the polygons of XML files, in any subfolder.

    Without `labelmap.txt` and `class_names.txt` index k is `ClassId` k, and so is the k-th colour of VOC's
    palette. Objects of the XML that have a box alone are left out.

    Raises:
        SeverstalError: there are neither, a file belongs to no picture, has another size, or an index, a
            colour or a name that is no class.
    """
    folders = [path, *sorted(entry for entry in path.rglob("*") if entry.is_dir())] if path.is_dir() else []
    masks = [folder for folder in folders if folder.name == "SegmentationClass"]
    documents = sorted(path.rglob("*.xml")) if path.is_dir() else [path]
    if masks or (path.is_dir() and not documents):
        legend = _read_legend(path if path.name != "SegmentationClass" else path.parent)
        for file in (file for folder in masks or [path] for file in files_of(folder, ".png")):
            image = target.image_of_stem(file.stem, str(file))
            yield Picture(str(file), image, _read_mask(image, file, legend, target))
        return
    for file in documents:
        root = read_xml(file)
        if root.tag != "annotation":
            raise SeverstalError(
                f"{file}: not a PASCAL VOC annotation: give a folder that contains only those"
            )
        image = target.image(root.findtext("filename") or f"{file.stem}.xml", str(file))
        target.check_size(image, root.findtext("size/height"), root.findtext("size/width"), str(file))
        draw = partial(_shape, image=image, picture=f"{file} ({image})", target=target)
        yield Picture(str(file), image, draw_each(root.iter("object"), draw))


def _read_legend(folder: Path) -> _Legend:
    indices: dict[int, str] = {}
    colours: dict[tuple[int, ...] | None, str] = {}
    for file in sorted(folder.rglob("labelmap.txt"))[:1]:
        lines = [line for line in read_text(file).splitlines() if line.strip() and not line.startswith("#")]
        for index, line in enumerate(lines):
            name, _, rest = line.partition(":")
            values = rest.partition(":")[0].split(",")
            if len(values) != 3 or not all(value.strip().isdecimal() for value in values):
                raise SeverstalError(
                    f"{file}: `{line[:40]}` is not a label with a colour: write NAME:R,G,B::"
                )
            indices[index] = name
            colours[tuple(int(value) for value in values)] = name
    if not indices:
        for file in sorted(folder.rglob("class_names.txt"))[:1]:
            names = [line.strip() for line in read_text(file).splitlines() if line.strip()]
            names = names[1:] if names[:1] == [_IGNORED] else names
            indices = dict(enumerate(names))
    return _Legend(indices, colours)


def _read_mask(image: str, file: Path, legend: _Legend, target: Target) -> Iterator[Shape]:
    """The classes of an indexed, grey or coloured PNG."""
    indices, colours, coloured = read_colours(read_bytes(file), target.spec.shape_of(image), str(file))
    target.check_size(image, *indices.shape, str(file))
    for value in np.unique(indices).tolist():
        colour = None if colours is None else tuple(colours[value].tolist())
        label = _label_of_colour(colour, legend) if coloured else _label_of_index(value, colour, legend)
        if label == "":
            what = f"colour {colour}" if coloured else f"index {value}"
            raise SeverstalError(f"{file}: {what} has no class: add it to labelmap.txt")
        if label is not None:
            yield Shape(str(file), target.class_id(label, str(file)), indices == value)


def _label_of_index(value: int, colour: tuple[int, ...] | None, legend: _Legend) -> str | int | None:
    """The name or the number of a class; None for the background and for borders, empty where unknown."""
    if value == _VOID:
        return None
    name = legend.colours.get(colour) or legend.indices.get(value)
    if name is None:
        return "" if legend.indices else value or None
    return None if name.lower() in _BACKGROUND else name


def _label_of_colour(colour: tuple[int, ...] | None, legend: _Legend) -> str | int | None:
    """The same of a pixel without an index."""
    if colour == _VOID_COLOUR and colour not in legend.colours:
        return None
    if legend.colours:
        name = legend.colours.get(colour, "")
        return None if name.lower() in _BACKGROUND else name
    known = {tuple(palette()[3 * k : 3 * k + 3]): k for k in range(_VOID)}
    return _label_of_index(known[colour], None, legend) if colour in known else ""


def _shape(count: int, entry: Element, image: str, picture: str, target: Target) -> Iterator[Shape]:
    where = f"{picture} object {count}"
    drawn = entry.find("polygon")
    if drawn is None:
        raise Unusable(where, "a box is no outline")
    values = {element.tag: element.text for element in drawn}
    corners = []
    while f"x{len(corners) + 1}" in values:
        number = len(corners) + 1
        corners.append(tuple(coordinate(values.get(f"{axis}{number}"), where) for axis in "xy"))
    mask = polygon(corners, target.spec.shape_of(image), where)
    yield Shape(where, target.class_id(entry.findtext("name"), where), mask)
