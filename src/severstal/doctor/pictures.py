"""The pictures of a folder: which can be read, and how the masks lie on them."""

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from severstal.competition.spec import Spec
from severstal.doctor.alignment import match_mask
from severstal.doctor.report import EXAMPLES, Finding
from severstal.doctor.table import Table
from severstal.errors import SeverstalError
from severstal.progress import progress

ReadPicture = Callable[[Path, Spec], np.ndarray]
"""Gives the picture of a file, (H, W) uint8, or raises `SeverstalError` that says what is wrong with it."""

MASKS_COMPARED = 300  # pictures compared with their masks; more do not change the result
_BLOCK = 64  # pictures read ahead
_PIXELS_AT_ONCE = 1 << 28  # of the pictures that are compared with their masks, at some 10 bytes each


class PicturesRead(NamedTuple):
    """The results of reading the pictures of a folder.

    Attributes:
        faults: fault of each faulty picture, by name.
        matches: result of `match_mask` for each picture compared.
    """

    faults: dict[str, str]
    matches: list[np.ndarray]


def read_pictures(
    folder: Path, names: Sequence[str], spec: Spec, read: ReadPicture, table: Table | None
) -> PicturesRead:
    """Read every picture, and compare some of them with their masks."""
    masks = _pack_masks(table, names) if table is not None else {}
    look = PicturesRead({}, [])

    def one(name: str) -> tuple[str, str, np.ndarray | None]:
        try:
            picture = read(folder / name, spec)
        except SeverstalError as error:
            return name, str(error).removeprefix(f"{folder / name}: "), None
        if name not in masks:
            return name, "", None
        mask = np.unpackbits(masks[name], count=math.prod(picture.shape[:2])).reshape(picture.shape[1::-1]).T
        return name, "", match_mask(picture, mask)

    shapes = [shape for shape in map(spec.find_shape, names) if shape is not None]
    largest = max((height * width for height, width in shapes), default=1)
    threads = max(1, min(os.cpu_count() or 1, _PIXELS_AT_ONCE // largest))
    with ThreadPoolExecutor(threads) as pool, progress(names, f"reading {folder.name}") as bar:
        for name, fault, match in _in_blocks(pool, one, names):
            if fault:
                look.faults[name] = fault
            if match is not None:
                look.matches.append(match)
            bar.update()
    return look


def group_pictures(folder: Path, faults: Mapping[str, str]) -> list[Finding]:
    """Turn faulty pictures into one finding per kind of fault: its message without the numbers."""
    groups: dict[str, dict[str, str]] = {}
    for name, fault in faults.items():
        sort = fault.split("(")[0].split(":")[0].strip()
        groups.setdefault(sort, {})[name] = fault
    return [
        Finding(
            "unreadable picture",
            folder.name,
            f"pictures cannot be used: {sort}",
            len(names),
            next(iter(names.values())).rpartition(": ")[2],
            examples=tuple(f"{name}: {names[name]}" for name in list(names)[:EXAMPLES]),
        )
        for sort, names in groups.items()
    ]


def _in_blocks(pool: ThreadPoolExecutor, work: Callable, names: Sequence[str]) -> Iterator:
    for start in range(0, len(names), _BLOCK):
        yield from pool.map(work, names[start : start + _BLOCK])


def _pack_masks(table: Table, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The masks of an image in one, eight pixels to a byte, for some of the images that have a picture."""
    rows: dict[str, list[int]] = {}
    there = set(names)
    for row in table.runs.rows.tolist():
        image = table.rows[row].image
        if image in there:
            rows.setdefault(image, []).append(row)
    chosen = list(rows)[:: max(1, -(-len(rows) // MASKS_COMPARED))]
    wanted = frozenset(row for image in chosen for row in rows[image])
    packed: dict[str, np.ndarray] = {}
    for row, mask in table.runs.draw(table.row_shape, wanted):
        bits, image = np.packbits(mask.T.reshape(-1)), table.rows[row].image
        packed[image] = packed[image] | bits if image in packed else bits
    return packed


def count_pictures(names: Sequence[str], spec: Spec) -> str:
    """Count pictures and, where each has its own, their sizes.

    Example:
        >>> from severstal.competition.shapes import Shapes
        >>> known = {"a": (20, 90), "b": (60, 40), "c": (60, 40)}
        >>> count_pictures(["a", "b", "c"], Spec("tiles", None, ("hole",), Shapes(known=known)))
        '3 pictures of 2 sizes, 20 x 90 to 60 x 40'
    """
    said = f"{len(names):,} pictures"
    shapes = {} if spec.image_shape else {spec.find_shape(name) for name in names} - {None}
    if not shapes:
        return said
    low, high = (find(shapes, key=lambda shape: (shape[0] * shape[1], shape)) for find in (min, max))
    sizes = "1 size" if len(shapes) == 1 else f"{len(shapes):,} sizes"
    span = f"{low[0]} x {low[1]}" + (f" to {high[0]} x {high[1]}" if len(shapes) > 1 else "")
    return f"{said} of {sizes}, {span}"
