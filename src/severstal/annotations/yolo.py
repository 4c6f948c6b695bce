"""YOLO's segmentation text: one file per picture, one line per polygon, in shares of the picture's sides.

Source: docs.ultralytics.com/datasets/segment, "Ultralytics YOLO format". Classes count from 0; their names
stand in `data.yaml`, as in exports of Ultralytics, Roboflow and CVAT, or in `classes.txt`, as in Label
Studio's.
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from severstal.annotations.labels import LabelSet, Picture, Shape, Unusable, draw_each
from severstal.annotations.outside import quote, read_text
from severstal.annotations.polygons import outlines
from severstal.annotations.shapes import coordinate, polygon
from severstal.annotations.target import Target
from severstal.competition.rle import decode
from severstal.errors import SeverstalError
from severstal.files import atomic_folder

_NOT_LABELS = ("classes.txt", "labels.txt", "train.txt", "val.txt", "valid.txt", "test.txt")
_MOST_ASIDE = 2.0  # shares of a side; what lies farther away is in pixels


def write(labels: LabelSet, path: Path) -> None:
    """Write a folder with `data.yaml` and `labels/NAME.txt` per picture, empty for a clean one.

    Pictures go into `images/` beside `labels/` before a training, as Ultralytics wants them.

    Raises:
        SeverstalError: two pictures differ in their ending alone, or the folder holds something already.
    """
    names = labels.files(".txt")
    with atomic_folder(path) as part:
        (part / "labels").mkdir()
        for image, rows in labels:
            height, width = labels.spec.shape_of(image)
            lines = []
            for class_id, runs in rows.items():
                for corners in outlines(decode(runs, labels.spec.shape_of(image))):
                    shares = (f"{x / width:.10g} {y / height:.10g}" for x, y in corners.tolist())
                    lines.append(f"{class_id - 1} {' '.join(shares)}\n")
            (part / "labels" / names[image]).write_text("".join(lines), encoding="utf-8")
        classes = "".join(f"  {k}: {json.dumps(name)}\n" for k, name in enumerate(labels.spec.classes))
        text = f"train: images\nval: images\nnames:\n{classes}"
        (part / "data.yaml").write_text(text, encoding="utf-8")


def read(path: Path, target: Target) -> Iterator[Picture]:
    """Read the files of all folders named `labels`, or those of the folder itself, or a single file.

    Class k of a file without names is `ClassId` k + 1. Lines of a box, which YOLO's detection text has, and
    polygons of fewer than three corners are left out.

    Raises:
        SeverstalError: there is no such file, a line holds anything else, a class is unknown, or a file
            belongs to no picture.
    """
    folder = path if path.is_dir() else path.parent
    files = [path]
    if path.is_dir():
        found = sorted(file for file in path.rglob("*.txt") if not file.name.startswith("."))
        files = [file for file in found if "labels" in file.relative_to(path).parts[:-1]]
        files = files or [file for file in found if _may_hold_labels(file)]
    if not files:
        raise SeverstalError(f"{path}: holds no .txt file: name the folder of labels, or the one above it")
    names = _read_names(folder)
    for file in files:
        image = target.image_of_stem(file.stem, str(file))
        lines = [line.split() for line in read_text(file).splitlines()]
        draw = partial(_shape, image=image, picture=f"{file}", names=names, target=target)
        yield Picture(str(file), image, draw_each(lines, draw))


def _may_hold_labels(file: Path) -> bool:
    return file.name.lower() not in _NOT_LABELS and not file.name.lower().startswith("readme")


def _shape(
    count: int, words: list[str], image: str, picture: str, names: dict[int, Any], target: Target
) -> Iterator[Shape]:
    if not words:
        return
    where, (height, width) = f"{picture} line {count}", target.spec.shape_of(image)
    if not (words[0].isascii() and words[0].removesuffix(".0").isdecimal() and len(words[0]) < 10):
        raise SeverstalError(
            f"{where}: class {quote(words[0])} is not a whole number of at least 0: export it again"
        )
    shares = [coordinate(word, where) for word in words[1:]]
    if any(abs(share) > _MOST_ASIDE for share in shares):
        raise SeverstalError(
            f"{where}: {quote(max(shares, key=abs))} is not a coordinate from 0 to 1: export it as "
            "YOLO segmentation"
        )
    if len(shares) in (4, 5):
        raise Unusable(where, "a box is no outline")
    shares = shares[: len(shares) // 2 * 2]  # a predicted one ends with its confidence
    corners = [(x * width, y * height) for x, y in zip(shares[::2], shares[1::2], strict=True)]
    mask = polygon(corners, target.spec.shape_of(image), where)
    number = int(words[0].removesuffix(".0"))
    if names and number not in names:
        raise SeverstalError(f"{where}: class {number} has no name in the data set's list: add it there")
    own = target.classes.get(str(number)) if not names else None
    yield Shape(where, own or target.class_id(names.get(number, number + 1), where), mask)


def _read_names(folder: Path) -> dict[int, Any]:
    """The classes' names by number, of the folder or one of the two above it; none where no file has them."""
    for place in (folder, *folder.resolve().parents[:2]):
        for name in ("data.yaml", "data.yml", "dataset.yaml"):
            if (place / name).is_file():
                return _read_yaml(place / name)
        for name in ("classes.txt", "obj.names"):
            if (place / name).is_file():
                lines = read_text(place / name).splitlines()
                return {number: line.strip() for number, line in enumerate(lines) if line.strip()}
    return {}


def _read_yaml(path: Path) -> dict[int, Any]:
    try:
        content = yaml.safe_load(read_text(path))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise SeverstalError(f"{path}: not YAML: export it again") from error
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, list):
        return dict(enumerate(names))
    if isinstance(names, dict) and all(type(number) is int for number in names):
        return names
    raise SeverstalError(f"{path}: `names` lists no classes: write `names: [first, second]`")
