"""Labels and submissions as one tidy table, whichever generation's form the CSV has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from severstal.competition.folder import InputFolder
from severstal.competition.rows import (
    Form,
    TableRow,
    match_images,
    raise_first,
    read_rows,
    row_faults,
    run_faults,
)
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError


def read_labels(path: str | Path, spec: Spec, images: Sequence[str] | None = None) -> pd.DataFrame:
    r"""Read a `train.csv` of either generation.

    Today's form has one row per defect. 2019's has one row per pair, with an empty text for none; a pair
    that has no row there is taken as one without a defect too, since tables often come with the empty rows
    filtered out.

    Args:
        path: the CSV.
        spec: the shape and the classes of the data set.
        images: names of the pictures on disk; None leaves unchecked whether each row has its picture. A
            name that differs from the file's in its Unicode form alone (NFC, NFD) becomes the file's.

    Returns:
        One row per defect in the file's order: `ImageId` (text), `ClassId` (int64, from 1), `EncodedPixels`
        (text, never empty). An image that no row names is clean; which images there are, the folder says.

    Raises:
        SeverstalError: the file is no such table, or a row names no image, an image outside `images`, a class
            outside the list or a pair a second time, or has no proper run-length text.

    Example:
        >>> import tempfile
        >>> from severstal.competition.spec import SEVERSTAL
        >>> path = Path(tempfile.mkdtemp()) / "train.csv"
        >>> _ = path.write_text("ImageId,ClassId,EncodedPixels\na.jpg,3,5 3 261 4\n")
        >>> read_labels(path, SEVERSTAL)
          ImageId  ClassId EncodedPixels
        0   a.jpg        3     5 3 261 4
    """
    form, rows = read_rows(path)
    if images is not None:
        rows = match_images(rows, images)
    # Without a defect, today's form has no row at all: an empty text is a label that got lost.
    faults = row_faults(rows, spec.class_ids, images=images, may_be_empty=form == "2019")
    raise_first(path, run_faults(rows, spec) | faults)
    return tidy(rows)


def read_submission(path: str | Path, spec: Spec) -> pd.DataFrame:
    r"""Read a submission of either generation; `check_submission` checks which images it must name.

    Returns:
        The table that `read_labels` gives: rows with an empty mask are left out.

    Raises:
        SeverstalError: see `read_labels`, except that a mask may be empty.

    Example:
        >>> import tempfile
        >>> from severstal.competition.spec import SEVERSTAL
        >>> path = Path(tempfile.mkdtemp()) / "submission.csv"
        >>> _ = path.write_text("ImageId_ClassId,EncodedPixels\na.jpg_1,\na.jpg_2,1 9\n")
        >>> read_submission(path, SEVERSTAL)
          ImageId  ClassId EncodedPixels
        0   a.jpg        2           1 9
    """
    _, rows = read_rows(path)
    raise_first(path, run_faults(rows, spec) | row_faults(rows, spec.class_ids))
    return tidy(rows)


def tidy(rows: Sequence[TableRow]) -> pd.DataFrame:
    """Put rows without a fault into the table that every part of the project reads.

    Example:
        >>> list(tidy([TableRow("a.jpg", "1", ""), TableRow("b.jpg", "2", "1 9")])["ImageId"])
        ['b.jpg']
    """
    filled = [row for row in rows if not row.is_empty]
    return pd.DataFrame(
        {
            "ImageId": pd.Series([row.image for row in filled], dtype="str"),
            "ClassId": np.array([int(row.class_text) for row in filled], dtype=np.int64),
            "EncodedPixels": pd.Series([row.runs for row in filled], dtype="str"),
        }
    )


@dataclass(frozen=True)
class Sample:
    """The contents of a sample submission.

    Attributes:
        images: names of the pictures to be segmented, in its order.
        form: the generation whose form it has.
        written: the same names as the file spells them, where that is another Unicode form; so a submission
            has to spell them too.
    """

    images: tuple[str, ...]
    form: Form
    written: tuple[str, ...] = field(default=(), repr=False)

    @property
    def spelt(self) -> tuple[str, ...]:
        """The images as a submission has to spell them."""
        return self.written or self.images


def read_sample(path: str | Path, spec: Spec, on_disk: Sequence[str] | None = None) -> Sample:
    r"""Read a `sample_submission.csv` of either generation. Its masks are placeholders and ignored.

    Today's names each image under class 0, a placeholder; one that names it under several classes will do.
    2019's names each pair of an image and a class once.

    Args:
        path: the CSV.
        spec: the classes of the data set.
        on_disk: names of the pictures there are; a name that differs from one in its Unicode form alone
            becomes that.

    Returns:
        The images in the order in which they first appear, and the form.

    Raises:
        SeverstalError: the file is no such table, has no row, names no image, an unknown class or a pair a
            second time, or in 2019's form lacks a class of an image.

    Example:
        >>> import tempfile
        >>> from severstal.competition.spec import SEVERSTAL
        >>> path = Path(tempfile.mkdtemp()) / "sample_submission.csv"
        >>> _ = path.write_text("ImageId,EncodedPixels,ClassId\nb.jpg,1 409600,0\na.jpg,1 409600,0\n")
        >>> read_sample(path, SEVERSTAL)
        Sample(images=('b.jpg', 'a.jpg'), form='today')
    """
    form, rows = read_rows(path)
    class_ids = spec.class_ids if form == "2019" else range(len(spec.classes) + 1)
    raise_first(path, row_faults(rows, class_ids))
    if not rows:
        raise SeverstalError(f"{path}: names no image: fetch the file again")
    images = tuple(dict.fromkeys(row.image for row in rows))
    if form == "2019" and len(rows) < len(images) * len(spec.classes):
        named = {(row.image, row.class_text) for row in rows}
        image, k = next((i, k) for i, k in product(images, spec.class_ids) if (i, str(k)) not in named)
        raise SeverstalError(
            f"{path}: the row {image}_{k} is missing: add it, or list fewer classes in dataset.toml"
        )
    if on_disk is None:
        return Sample(images, form)
    named = tuple(row.image for row in match_images([TableRow(image, "", "") for image in images], on_disk))
    return Sample(named, form, () if named == images else images)


def read_listed_sample(data: InputFolder) -> Sample:
    """Read which images a submission has to name, whether or not the pictures are there.

    Returns:
        As `read_test_sample`; without test pictures, the images as the sample submission spells them.

    Raises:
        SeverstalError: there is neither a sample submission nor a test picture, or as `read_sample`.
    """
    if data.has_test or not data.sample_csv.is_file():
        return read_test_sample(data)
    return read_sample(data.sample_csv, data.spec)


def read_test_sample(data: InputFolder) -> Sample:
    """Read an input folder's sample submission, or make one of its test pictures where it has none.

    Returns:
        The images, in the file's order or by name, spelt as the files are; and the form, today's without one.

    Raises:
        SeverstalError: there is no picture to segment, or as `read_sample`.
    """
    data.check_test()
    if not data.sample_csv.is_file():
        return Sample(tuple(data.test_names()), "today")
    return read_sample(data.sample_csv, data.spec, data.test_names())
