"""A user's own table of folds, `ImageId,fold`: read and checked before anything is trained on it."""

import re
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from severstal.competition.cells import read_cells
from severstal.competition.rows import TableRow, match_images, shorten_text
from severstal.errors import SeverstalError

_COLUMNS = ("ImageId", "fold")
_NUMBER = re.compile(r"0*(\d{1,3})(?:\.0*)?")  # also 2.0, as tables leave programs that hold NaN
_MOST_FOLDS = 50


def read_given_folds(path: str | Path, images: Collection[str] | None = None) -> pd.DataFrame:
    r"""Read a table of folds that a user has made; columns beside `ImageId` and `fold` are ignored.

    Folds are numbered from 0 without gaps, 2 to 50 of them. The `folds.csv` of a run is such a table.

    Args:
        path: the CSV.
        images: names of the labelled pictures, each of which must have a row; a name that differs from the
            file's in its Unicode form alone (NFC, NFD) becomes the file's. None leaves unchecked whether
            each row has its picture.

    Returns:
        Columns `ImageId` (text) and `fold` (int64, from 0), in the file's order.

    Raises:
        SeverstalError: the file is missing, is no such table, names a picture twice, one that there is not
            or not all, or a fold that is not a whole number from 0 to 49; or a fold is empty.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "folds.csv"
        >>> _ = path.write_text("ImageId,fold\nb.jpg,1\na.jpg,0\n")
        >>> read_given_folds(path, ["a.jpg", "b.jpg"])["fold"].tolist()
        [1, 0]
    """
    header, cells = read_cells(path)
    for column in _COLUMNS:
        if column not in header:
            raise SeverstalError(
                f"{path}: column {column} is missing, the header is `{shorten_text(','.join(header))}`: name "
                "the columns ImageId,fold"
            )
    image, fold = (header.index(column) for column in _COLUMNS)
    rows = [TableRow(row[image], row[fold].strip(), "") for row in cells]
    if images is not None:
        rows = match_images(rows, images)
    _check_rows(path, rows, images)
    numbers = [int(_NUMBER.fullmatch(row.class_text)[1]) for row in rows]
    _check_numbers(path, set(numbers))
    return pd.DataFrame({"ImageId": pd.Series([row.image for row in rows], dtype="str"), "fold": numbers})


def count_given_folds(path: str | Path) -> int:
    """Count the folds of a user's table.

    Raises:
        SeverstalError: see `read_given_folds`.
    """
    return int(read_given_folds(path)["fold"].max()) + 1


def _check_rows(path: str | Path, rows: list[TableRow], images: Collection[str] | None) -> None:
    known, first = None if images is None else frozenset(images), {}
    for number, row in enumerate(rows, start=1):
        name, earlier = shorten_text(row.image), first.setdefault(row.image, number)
        match = _NUMBER.fullmatch(row.class_text)
        if not row.image:
            fault = "the image's name is empty: write it, or delete the row"
        elif known is not None and row.image not in known:
            fault = f"image {name} is not among the labelled pictures: correct the name or delete the row"
        elif earlier != number:
            fault = f"image {name} stands in row {earlier} too: delete one of the two rows"
        elif match is None or int(match[1]) >= _MOST_FOLDS:
            text = shorten_text(ascii(row.class_text)[1:-1])
            fault = (
                f"fold `{text}` is not a whole number from 0 to {_MOST_FOLDS - 1}: number the folds from 0"
            )
        else:
            continue
        raise SeverstalError(f"{path} row {number}: {fault}")
    absent = sorted((known or frozenset()).difference(first))
    if absent:
        have = "picture has" if len(absent) == 1 else "pictures have"
        raise SeverstalError(
            f"{path}: {len(absent):,} labelled {have} no row, such as {absent[0]}: add a row for each, or "
            "take the picture out of train_images"
        )


def _check_numbers(path: str | Path, numbers: set[int]) -> None:
    gaps = sorted(set(range(max(numbers, default=0))).difference(numbers))
    if gaps:
        raise SeverstalError(
            f"{path}: no image is in fold {gaps[0]}, and the last fold is {max(numbers)}: number the folds "
            "from 0 without gaps"
        )
    if len(numbers) < 2:
        held = "all images are in fold 0" if numbers else "names no image"
        raise SeverstalError(f"{path}: {held}: spread the images over 2 folds or more")
