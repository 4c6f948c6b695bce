"""Submissions written: whole, in the sample's order, and checked before they are put in place."""

import csv
from dataclasses import replace
from itertools import product
from pathlib import Path

import pandas as pd

from severstal.competition.checking import HEADERS, check_submission
from severstal.competition.rows import Form
from severstal.competition.spec import Spec
from severstal.competition.tables import Sample
from severstal.errors import SeverstalError
from severstal.files import atomic_write


def write_submission(
    path: str | Path, predictions: pd.DataFrame, sample: Sample, spec: Spec, form: Form | None = None
) -> None:
    """Write a submission beside `path`, check it, and rename it into place only if the check finds no error.

    Rows are in the sample's order, and by class within an image. Today's form gets one row per mask, and for
    an image without any a row of class 1 with an empty text, so that every image is named; 2019's form gets
    one row per pair.

    Args:
        path: path of the CSV; an earlier file there is kept when anything goes wrong.
        predictions: one row per predicted mask, `ImageId`, `ClassId` and `EncodedPixels`.
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
    spelt = dict(zip(sample.images, sample.spelt, strict=True))
    rows = [(spelt.get(image, image), *rest) for image, *rest in _rows(predictions, sample, spec)]
    with atomic_write(path) as part:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADERS[sample.form])
            if sample.form == "today":
                writer.writerows((image, runs, class_id) for image, class_id, runs in rows)
            else:
                writer.writerows((f"{image}_{class_id}", runs) for image, class_id, runs in rows)
        findings = check_submission(part, sample, spec)
        if findings:
            more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
            raise SeverstalError(f"{path}: not written: {findings[0]}{more}")


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
