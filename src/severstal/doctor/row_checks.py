"""Checks of single rows of a table: their images, classes, pairs and run-length texts."""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from severstal.competition.rle import faults
from severstal.competition.rows import TableRow, row_faults
from severstal.doctor.report import EXAMPLES, Finding, FindingKind
from severstal.doctor.table import Table

FEWEST_ALIKE = 8  # rows that all have the same mask are a sample submission's


class _Sort(NamedTuple):
    """A kind of fault, recognised by words of its message."""

    words: str
    kind: FindingKind
    what: str
    repair: str


_SORTS = (
    _Sort(
        "is not among",
        "missing file",
        "rows name images that are not there",
        "put the pictures there, or delete the rows",
    ),
    _Sort("repeats row", "doubled row", "rows repeat another one", "delete the repetitions"),
    _Sort(
        "has another mask in row", "doubled row", "pairs have two different masks", "keep one, or unite them"
    ),
    _Sort(
        "placeholder",
        "placeholder",
        "rows are of class 0, the sample submission's placeholder",
        "write a class, or for a clean image an empty mask",
    ),
    _Sort("image's name is empty", "wrong row", "rows name no image", "write the name, or delete the rows"),
    _Sort("has no class", "wrong row", "rows name no class", "write the class"),
    _Sort(
        "has an empty mask",
        "wrong row",
        "rows have an empty mask",
        "write the runs, or delete the rows: an image without rows is clean",
    ),
    _Sort("class `", "wrong row", "rows have a class that there is not", "correct the class"),
    _Sort(
        "is not two positive whole numbers",
        "wrong runs",
        "masks hold something else than whole numbers",
        "write digits and spaces alone",
    ),
    _Sort("has no length", "wrong runs", "masks end with a start that has no length", "complete or drop it"),
    _Sort("starts at pixel 0", "wrong runs", "masks count pixels from 0", "count from 1"),
    _Sort("has length 0", "wrong runs", "masks have runs of no length", "drop these runs"),
    _Sort("starts no later than", "wrong runs", "masks have unsorted runs", "sort the runs by start"),
    _Sort(
        "overlaps run",
        "wrong runs",
        "masks have runs that overlap",
        "draw the mask again: which of the two runs is wrong cannot be known",
    ),
    _Sort(
        "ends past pixel",
        "wrong runs",
        "masks have runs past the last pixel",
        "correct the run, or the shape in dataset.toml",
    ),
)


def find_row_faults(table: Table, images: Collection[str] | None, place: str) -> dict[int, str]:
    """Find the fault of the image, class or pair of a row, by row; `images` are all images of the data
    set."""
    return row_faults(
        table.rows,
        table.spec.class_ids,
        images=images,
        place=place,
        may_be_empty=table.is_submission,
    )


def group_faults(table: Table, found: Mapping[int, str], repaired: Collection[int]) -> list[Finding]:
    """Turn faults of rows into one finding per kind, with a few examples.

    Args:
        table: the table that they are of.
        found: fault by row.
        repaired: the rows that the repaired table has right.
    """
    groups: dict[_Sort, dict[int, str]] = {}
    for row in sorted(found):
        sort = next(sort for sort in _SORTS if sort.words in found[row])
        groups.setdefault(sort, {})[row] = found[row]
    findings = []
    for sort, rows in groups.items():
        done = sum(row in repaired for row in rows)
        left = (
            f" ({done:,} of {len(rows):,} repaired; the others stay as they are)"
            if 0 < done < len(rows)
            else ""
        )
        findings.append(
            Finding(
                sort.kind,
                table.path.name,
                sort.what,
                len(rows),
                sort.repair + left,
                examples=tuple(f"row {row + 1}: {rows[row]}" for row in list(rows)[:EXAMPLES]),
                repaired=done > 0,
            )
        )
    return findings


def is_placeholder(table: Table) -> bool:
    """Return whether all rows have the same mask, as in a sample submission."""
    texts = {row.runs.strip() for row in table.rows}
    return len(table.rows) >= FEWEST_ALIKE and len(texts) == 1 and texts != {""}


def rewrite(table: Table) -> Table:
    """Put classes and runs in order where that leaves their meaning as it is.

    `3.0` and ` 3` become class 3; runs with signs, decimals of zero, tabs, without pixels or in disorder are
    written as they should be. Whatever then still has a fault is left as it was.

    Example:
        >>> from pathlib import Path
        >>> from severstal.competition.spec import SEVERSTAL
        >>> cells = [["a.jpg", "3.0", "261 4 5 3"]]
        >>> table = Table(Path("a.csv"), ("ImageId", "ClassId", "EncodedPixels"), cells, "today", SEVERSTAL)
        >>> rewrite(table).rows
        [TableRow(image='a.jpg', class_text='3', runs='5 3 261 4')]
    """
    changes: dict[int, TableRow] = {}
    for index, row in enumerate(table.rows):
        class_text, runs = row.class_text, row.runs
        if not table.labelled[index]:
            number = _whole(class_text.strip())
            class_text = str(number) if number in table.spec.class_ids else class_text
        if index in table.run_faults:
            runs = _rewrite_runs(runs, table.spec.find_shape(row.image) or (1, table.spec.pixels))
        if (class_text, runs) != (row.class_text, row.runs):
            changes[index] = TableRow(row.image, class_text, runs)
    return table.changed(changes) if changes else table


def _rewrite_runs(text: str, shape: tuple[int, int]) -> str:
    numbers = [_whole(token) for token in text.split()]
    if None in numbers or len(numbers) % 2:
        return text
    runs = sorted(
        (start, length) for start, length in zip(numbers[::2], numbers[1::2], strict=True) if length
    )
    written = " ".join(f"{start} {length}" for start, length in runs)
    return text if not written or faults([written], shape) else written


def _whole(token: str) -> int | None:
    match = re.fullmatch(r"\+?([0-9]{1,15})(\.0*)?", token)
    return int(match[1]) if match else None
