"""Submissions checked, before Kaggle does it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from severstal.competition.cells import read_cells
from severstal.competition.rows import (
    TABLE_COLUMNS,
    Form,
    TableRow,
    find_form,
    match_images,
    name_cells,
    row_faults,
    run_faults,
    shorten_text,
)
from severstal.competition.spec import Spec
from severstal.competition.tables import Sample, tidy
from severstal.errors import SeverstalError

HEADERS: dict[Form, tuple[str, ...]] = {
    "today": ("ImageId", "EncodedPixels", "ClassId"),  # not train.csv's order
    "2019": TABLE_COLUMNS["2019"],
}


class Checked(NamedTuple):
    """A submission and its faults.

    Attributes:
        findings: one line per finding; none if the file is right.
        table: tidy, one row per mask; rows with a fault are left out.
    """

    findings: list[str]
    table: pd.DataFrame


def check_submission(path: str | Path, sample: Sample, spec: Spec) -> list[str]:
    r"""Find the faults of a submission: the findings of `read_checked`.

    Example:
        >>> import tempfile
        >>> from severstal.competition.spec import SEVERSTAL
        >>> path = Path(tempfile.mkdtemp()) / "submission.csv"
        >>> _ = path.write_text("ImageId,EncodedPixels,ClassId\na.jpg,1 409600,0\n")
        >>> check_submission(path, Sample(("a.jpg",), "today"), SEVERSTAL)
        ["row 1: class 0 is only the sample submission's placeholder: write one of 1 to 4, ..."]
    """
    return read_checked(path, sample, spec).findings


def read_checked(path: str | Path, sample: Sample, spec: Spec) -> Checked:
    r"""Read a submission, sound or not.

    The columns must be the sample's, in its order; each image of the sample must be named, and no other; each
    class be in the list, each pair stand there once at most (in 2019's form: once), each mask be proper
    run-length text; and the rows be in the sample's order, by class within an image. Where the columns are
    those of the other generation, order and missing rows are not checked.

    Raises:
        SeverstalError: the file cannot be read as a table, has the columns of neither generation, or has
            rows of which none names an image of the sample.

    Example:
        >>> import tempfile
        >>> from severstal.competition.spec import SEVERSTAL
        >>> path = Path(tempfile.mkdtemp()) / "submission.csv"
        >>> _ = path.write_text("ImageId,EncodedPixels,ClassId\na.jpg,5 3,1\na.jpg,5 0,2\n")
        >>> findings, table = read_checked(path, Sample(("a.jpg",), "today"), SEVERSTAL)
        >>> len(findings), len(table)
        (1, 1)
    """
    header, cells = read_cells(path)
    form = find_form(path, header)
    rows = name_cells(header, cells, form)
    known = frozenset(sample.spelt)
    if rows and not any(row.image in known for row in match_images(rows, known)):
        raise SeverstalError(
            f"{path}: names none of the {len(known):,} images of the sample submission (row 1 names "
            f"`{shorten_text(rows[0].image)}`, there it is {sample.spelt[0]}): give the matching folder as "
            "--input"
        )
    faults = run_faults(rows, spec) | row_faults(
        rows, spec.class_ids, images=known, place="those of the sample submission"
    )
    sound = {index: row for index, row in enumerate(rows) if index not in faults}
    findings = []
    if tuple(header) != HEADERS[sample.form]:
        wanted = ",".join(HEADERS[sample.form])
        findings = [f"header: the columns are `{shorten_text(','.join(header))}`: write them as `{wanted}`"]
    findings += [f"row {index + 1}: {faults[index]}" for index in sorted(faults)]
    if form == sample.form:
        findings += [*_unordered(sound, sample), *_missing(rows, sample, spec)]
    return Checked(findings, tidy(list(sound.values())))


def _unordered(rows: dict[int, TableRow], sample: Sample) -> Iterator[str]:
    """Name the first of some rows, given by index, that is out of the sample's order."""
    place = {image: index for index, image in enumerate(sample.spelt)}
    keys = {index: (place[row.image], int(row.class_text)) for index, row in rows.items()}
    for earlier, later in pairwise(rows):
        if keys[later] < keys[earlier]:
            row, above = rows[later], rows[earlier]
            yield (
                f"row {later + 1}: image {row.image} class {row.class_text} stands below image {above.image} "
                f"class {above.class_text}: sort the rows by the sample's images, then by class"
            )
            return


def _missing(rows: Sequence[TableRow], sample: Sample, spec: Spec) -> Iterator[str]:
    """Name the images of the sample that no row names."""
    if sample.form == "today":
        named = {row.image for row in rows}
        yield from (
            f"image {image} has no row: add `{image},,1`" for image in sample.spelt if image not in named
        )
    else:
        pairs = {f"{row.image}_{row.class_text}" for row in rows}
        wanted = (f"{image}_{class_id}" for image, class_id in product(sample.spelt, spec.class_ids))
        yield from (f"pair {pair} has no row: add `{pair},`" for pair in wanted if pair not in pairs)
