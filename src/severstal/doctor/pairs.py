"""Checks between the rows of a table: their order, missing pairs, overlapping classes."""

import re
from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np

from severstal.competition.rows import TableRow
from severstal.competition.spec import SEVERSTAL
from severstal.doctor.report import EXAMPLES, Finding
from severstal.doctor.table import Table


def find_disorder(table: Table, order: Sequence[str] | None) -> Finding | None:
    """Find rows out of order: by image, then by class.

    Args:
        table: the table.
        order: the images in their order; None for that of their names.
    """
    keys = _keys(table.rows, order)
    breaks = [index for index, (above, below) in enumerate(pairwise(keys), start=1) if below < above]
    if not breaks:
        return None
    lines = tuple(
        f"row {index + 1}: image {table.rows[index].image} class {table.rows[index].class_text} stands below "
        f"image {table.rows[index - 1].image} class {table.rows[index - 1].class_text}"
        for index in breaks[:EXAMPLES]
    )
    by = "the sample's images" if order is not None else "image name"
    return Finding(
        "wrong order",
        table.path.name,
        f"rows are not in the order of {by} and class",
        len(breaks),
        f"sort the rows by {by}, then by class",
        examples=lines,
        repaired=True,
    )


def find_missing_pairs(table: Table, images: Sequence[str] | None) -> tuple[Finding | None, list[TableRow]]:
    """Find the pairs that a table of every pair lacks, or the images that a submission does not name.

    A table of labels needs no row for a clean image, and neither does one of 2019's form from which all the
    empty rows were taken.

    Args:
        table: the table.
        images: names of the data set's images; None where they are not known.

    Returns:
        The finding, and the rows to add.
    """
    filtered = not any(row.is_empty for row in table.rows)
    if not table.is_submission or (filtered and (table.form == "2019" or images is None)):
        return None, []
    named = dict.fromkeys(row.image for row in table.rows)
    wanted = list(dict.fromkeys(images or ()) | named)
    if table.form == "2019":
        there = {(row.image, row.class_text) for row in table.rows}
        pairs = product(wanted, map(str, table.spec.class_ids))
        missing = [
            TableRow(image, class_text, "") for image, class_text in pairs if (image, class_text) not in there
        ]
    else:
        missing = [
            TableRow(image, str(table.spec.class_ids[0]), "") for image in wanted if image not in named
        ]
    if not missing:
        return None, []
    finding = Finding(
        "missing pair",
        table.path.name,
        "pairs of an image and a class have no row" if table.form == "2019" else "images have no row",
        len(missing),
        "add them with an empty mask",
        examples=tuple(f"image {row.image} class {row.class_text}" for row in missing[:EXAMPLES]),
        repaired=True,
    )
    return finding, missing


def find_overlaps(table: Table) -> Finding | None:
    """Find the images in which a pixel belongs to two classes."""
    runs = table.runs
    images = {name: index for index, name in enumerate(dict.fromkeys(row.image for row in table.rows))}
    image = np.array([images[row.image] for row in table.rows], np.int64)
    start = image[runs.row] * (4 * table.spec.pixels) + runs.start
    order = np.argsort(start, kind="stable")
    start, row = start[order], runs.row[order]
    end = start + runs.length[order]
    furthest = np.maximum.accumulate(end)
    holder = np.maximum.accumulate(np.where(end == furthest, np.arange(len(end)), 0))[:-1]
    meets = start[1:] < furthest[:-1]
    one, other = row[1:][meets], row[holder][meets]
    different = table.labelled[one] != table.labelled[other]
    pairs = sorted({(min(a, b), max(a, b)) for a, b in zip(one[different], other[different], strict=True)})
    if not pairs:
        return None
    never = "; in the competition's labels no pixel is of two classes" if table.spec == SEVERSTAL else ""
    return Finding(
        "overlap",
        table.path.name,
        f"pixels stand in two classes of an image{never}",
        len(pairs),
        "decide which of the two each pixel is of: these rows stay as they are",
        examples=tuple(
            f"rows {a + 1} and {b + 1}: image {table.rows[a].image} classes {table.labelled[a]} and "
            f"{table.labelled[b]}"
            for a, b in pairs[:EXAMPLES]
        ),
    )


def arrange(
    table: Table, drop: set[int], add: Sequence[TableRow], order: Sequence[str] | None, sort: bool
) -> Table:
    """Leave rows out, add rows, and sort them by image, then by class."""
    rows = [
        (row, list(cells))
        for index, (row, cells) in enumerate(zip(table.rows, table.cells, strict=True))
        if index not in drop
    ]
    rows += [(row, table.write_row(row)) for row in add]
    if sort:
        keys = _keys([row for row, _ in rows], order)
        rows = [rows[index] for index in sorted(range(len(rows)), key=keys.__getitem__)]
    return table.with_cells([cells for _, cells in rows])


def _keys(rows: Sequence[TableRow], order: Sequence[str] | None) -> list[tuple[int, str, int, str]]:
    """Return the sort key of each row; a class that is not a number comes last."""
    place = {} if order is None else {image: index for index, image in enumerate(order)}
    beyond = len(place)
    return [
        (
            place.get(row.image, beyond),
            "" if row.image in place else row.image,
            int(row.class_text) if re.fullmatch("[0-9]{1,9}", row.class_text) else 10**9,
            row.class_text,
        )
        for row in rows
    ]
