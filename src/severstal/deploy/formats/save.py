"""A result as files."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import cv2
import numpy as np

from severstal.deploy.formats.coco import coco_content
from severstal.deploy.formats.plain import RESULT_COLUMNS, defect_rows
from severstal.errors import unknown
from severstal.files import atomic_write, write_text
from severstal.path_checks import refuse_overwrite

if TYPE_CHECKING:
    from severstal.deploy.result import Result

ResultFormat = Literal["overlay", "mask", "json", "csv", "coco", "labelme"]

# Level 1 takes half the time of the default, for files a tenth larger; one filter instead of trying all of
# them for every row takes 11 ms instead of 18 ms for a 256 x 1600 overlay, for files of the same size.
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]
if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # OpenCV 4.12 and later
    _PNG += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG]

_ENDINGS = {
    "overlay": ".overlay.png",
    "mask": ".mask.png",
    "json": ".json",
    "csv": ".csv",
    "coco": ".coco.json",
    "labelme": ".labelme.json",
}


def result_file(folder: Path, name: str, format: str) -> Path:
    """Where a picture's output of a format lies.

    Example:
        >>> result_file(Path("out"), "a", "overlay").as_posix()
        'out/a.overlay.png'
    """
    if format not in _ENDINGS:
        raise unknown("format", format, get_args(ResultFormat))
    return folder / f"{name}{_ENDINGS[format]}"


def save_result(result: "Result", folder: str | Path, formats: Sequence[str]) -> list[Path]:
    """Write the files that `Result.save` names, each whole."""
    folder = Path(folder)
    paths = [result_file(folder, result.name, format) for format in formats]
    refuse_overwrite(paths, [result.path])
    for path, format in zip(paths, formats, strict=True):
        _WRITERS[format](result, path)
    return paths


def write_png(picture: np.ndarray, path: Path) -> None:
    """Write a picture as PNG, whole: (H, W) grey, or (H, W, 3) red, green, blue; uint8."""
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".png", picture, _PNG)
    with atomic_write(path) as part:
        part.write_bytes(data)


def to_csv(rows: Sequence[dict[str, object]], columns: Sequence[str]) -> str:
    """Rows as CSV text with a header; None is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _write_labelme(result: "Result", path: Path) -> None:
    from severstal.deploy.formats.labelme import labelme_content  # its module reads tables with pandas

    _write_json(labelme_content(result, path.parent), path)


def _write_json(value: object, path: Path) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False) + "\n")


_WRITERS: dict[str, Callable[["Result", Path], None]] = {
    "overlay": lambda result, path: write_png(result.overlay(), path),
    "mask": lambda result, path: write_png(result.label_map, path),
    "json": lambda result, path: _write_json(result.to_json(), path),
    "csv": lambda result, path: write_text(path, to_csv(defect_rows(result), RESULT_COLUMNS)),
    "coco": lambda result, path: _write_json(coco_content([result.to_json()], result.spec), path),
    "labelme": _write_labelme,
}
