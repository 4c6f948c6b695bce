"""Submissions: written whole, in the sample's order, and checked before they are put in place."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import pandas as pd

from severstal.competition.rows import (
    COLUMNS,
    Form,
    Row,
    name_cells,
    read_cells,
    row_faults,
    run_faults,
    shorten,
)
from severstal.competition.spec import Spec
from severstal.competition.tables import Sample
from severstal.errors import SeverstalError
from severstal.files import replacing

HEADERS: dict[Form, tuple[str, ...]] = {
    "today": ("ImageId", "EncodedPixels", "ClassId"),  # not train.csv's order
    "2019": COLUMNS["2019"],
}

MOST_FINDINGS = 20  # a file that is all wrong needs no line a row


def write_submission(
    path: str | Path, predictions: pd.DataFrame, sample: Sample, spec: Spec, form: Form | None = None
) -> None:
    """Write a submission beside `path`, check it, and put it in place only if nothing is wrong with it.

    Rows are in the sample's order, and by class within an image. Today's form gets a row a mask, and for an
    image without any a row of class 1 with an empty text, so that every image is named; 2019's a row a pair.

    Args:
        path: of the CSV. An earlier file there is left as it is when anything goes wrong.
        predictions: a row a predicted mask, `ImageId`, `ClassId` and `EncodedPixels`.
        sample: the images, their order and the form.
        spec: the shape and the classes of the data set.
        form: another form than the sample's.

    Raises:
        SeverstalError: the file fails `check_submission`, or cannot be written.

    Example:
        >>> import tempfile
        >>> from severstal.competition.spec import SEVERSTAL
        >>> path = Path(tempfile.mkdtemp()) / "submission.csv"
        >>> table = pd.DataFrame({"ImageId": ["a.jpg"], "ClassId": [3], "EncodedPixels": ["5 3 261 4"]})
        >>> write_submission(path, table, Sample(("b.jpg", "a.jpg"), "today"), SEVERSTAL)
        >>> print(path.read_text())
        ImageId,EncodedPixels,ClassId
        b.jpg,,1
        a.jpg,5 3 261 4,3
    """
    sample = replace(sample, form=form or sample.form)
    rows = _rows(predictions, sample, spec)
    with replacing(path) as part:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADERS[sample.form])
            if sample.form == "today":
                writer.writerows((image, runs, class_id) for image, class_id, runs in rows)
            else:
                writer.writerows((f"{image}_{class_id}", runs) for image, class_id, runs in rows)
        findings = _findings(part, sample, spec)
        if findings:
            more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
            raise SeverstalError(f"{path}: not written: {findings[0]}{more}")


def check_submission(path: str | Path, sample: Sample, spec: Spec) -> list[str]:
    r"""Find what is wrong with a submission, before Kaggle does.

    The columns must be the sample's, in its order; each image of the sample must be named, and no other; each
    class be in the list, each pair stand there once at most (in 2019's form: once), each mask be proper
    run-length text; and the rows be in the sample's order, by class within an image.

    Returns:
        One line a finding: faulty rows, the first row out of order, what is missing; after 20 lines one that
        counts the rest. Nothing if the file is right.

    Raises:
        SeverstalError: the file cannot be read as a table at all.

    Example:
        >>> import tempfile
        >>> from severstal.competition.spec import SEVERSTAL
        >>> path = Path(tempfile.mkdtemp()) / "submission.csv"
        >>> _ = path.write_text("ImageId,EncodedPixels,ClassId\na.jpg,1 409600,0\n")
        >>> check_submission(path, Sample(("a.jpg",), "today"), SEVERSTAL)
        ["row 1: class 0 is only the sample submission's placeholder: write one of 1 to 4, ..."]
    """
    findings = _findings(path, sample, spec)
    if len(findings) > MOST_FINDINGS:
        findings[MOST_FINDINGS:] = [f"and {len(findings) - MOST_FINDINGS} more"]
    return findings


def _findings(path: str | Path, sample: Sample, spec: Spec) -> list[str]:
    """All findings of `check_submission`."""
    header, cells = read_cells(path)
    if tuple(header) != HEADERS[sample.form]:
        wanted = ",".join(HEADERS[sample.form])
        return [f"header: the columns are `{shorten(','.join(header))}`: write them as `{wanted}`"]
    rows = name_cells(header, cells, sample.form)
    faults = run_faults(rows, spec.image_shape) | row_faults(
        rows, spec.class_ids, images=sample.images, place="those of the sample submission"
    )
    sound = {index: row for index, row in enumerate(rows) if index not in faults}
    return [
        *(f"row {index + 1}: {faults[index]}" for index in sorted(faults)),
        *_unordered(sound, sample),
        *_missing(rows, sample, spec),
    ]


def _rows(predictions: pd.DataFrame, sample: Sample, spec: Spec) -> list[tuple[str, int, str]]:
    """Image, class and runs of each row of the file. Faulty predictions stay in, for the check to find."""
    columns = (predictions["ImageId"], predictions["ClassId"], predictions["EncodedPixels"])
    drawn = [(image, int(class_id), runs) for image, class_id, runs in zip(*columns, strict=True) if runs]
    if sample.form == "today":
        images = {image for image, _, _ in drawn}
        blank = [(image, 1) for image in sample.images if image not in images]
    else:
        pairs = {(image, class_id) for image, class_id, _ in drawn}
        blank = [pair for pair in product(sample.images, spec.class_ids) if pair not in pairs]
    place = {image: index for index, image in enumerate(sample.images)}
    rows = drawn + [(image, class_id, "") for image, class_id in blank]
    return sorted(rows, key=lambda row: (place.get(row[0], len(place)), row[1]))


def _unordered(rows: dict[int, Row], sample: Sample) -> Iterator[str]:
    """Say which of the rows, given by index, is the first out of the sample's order."""
    place = {image: index for index, image in enumerate(sample.images)}
    keys = {index: (place[row.image], int(row.class_text)) for index, row in rows.items()}
    for earlier, later in pairwise(rows):
        if keys[later] < keys[earlier]:
            row, above = rows[later], rows[earlier]
            yield (
                f"row {later + 1}: image {row.image} class {row.class_text} stands below image {above.image} "
                f"class {above.class_text}: sort the rows by the sample's images, then by class"
            )
            return


def _missing(rows: Sequence[Row], sample: Sample, spec: Spec) -> Iterator[str]:
    """Say what the sample names and the rows do not."""
    if sample.form == "today":
        named = {row.image for row in rows}
        yield from (
            f"image {image} has no row: add `{image},,1`" for image in sample.images if image not in named
        )
    else:
        pairs = {f"{row.image}_{row.class_text}" for row in rows}
        wanted = (f"{image}_{class_id}" for image, class_id in product(sample.images, spec.class_ids))
        yield from (f"pair {pair} has no row: add `{pair},`" for pair in wanted if pair not in pairs)
