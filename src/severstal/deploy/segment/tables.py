"""The tables of an output folder: defects, masks and a COCO data set of all its pictures."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from severstal.competition.spec import Spec
from severstal.deploy.formats.coco import coco_content
from severstal.deploy.formats.plain import RESULT_COLUMNS, rows_of_json
from severstal.deploy.formats.save import to_csv
from severstal.files import atomic_write, write_text

DEFECTS_CSV, MASKS_CSV, COCO_JSON = "defects.csv", "masks.csv", "coco.json"

_MASK_COLUMNS = ("ImageId", "ClassId", "EncodedPixels")

EachRecord = Callable[[], Iterable[dict[str, Any]]]
"""Goes through the records of the pictures, each time from the start."""


def write_tables(folder: Path, records: EachRecord, spec: Spec, formats: Iterable[str]) -> None:
    """Write what the formats ask for, each file whole; a record at a time is in memory.

    Args:
        folder: folder of the outputs.
        records: function that goes through the records, each with `result`, as `Result.to_json` gives it, and
            `rle`, as `Result.to_rle` gives it.
        spec: specification of the data set; names the classes.
        formats: "csv" asks for `defects.csv` (one row per defect) and `masks.csv` (one row per class found,
            in the form of train.csv); "coco" for `coco.json`.
    """
    formats = set(formats)
    if "csv" in formats:
        rows = (row for record in records() for row in rows_of_json(record["result"]))
        _write_csv(folder / DEFECTS_CSV, rows, RESULT_COLUMNS)
        _write_csv(folder / MASKS_CSV, _mask_rows(records()), _MASK_COLUMNS)
    if "coco" in formats:
        content = coco_content((record["result"] for record in records()), spec)
        write_text(folder / COCO_JSON, json.dumps(content, ensure_ascii=False) + "\n")


def _mask_rows(records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for record in records:
        for class_id, runs in record["rle"].items():
            cells = record["result"]["image"], class_id, runs
            yield dict(zip(_MASK_COLUMNS, cells, strict=True))


def _write_csv(path: Path, rows: Iterable[dict[str, Any]], columns: tuple[str, ...]) -> None:
    with atomic_write(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.write(to_csv([], columns))
        for row in rows:
            file.write(to_csv([row], columns).split("\n", 1)[1])
