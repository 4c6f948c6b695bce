"""The rows of a label or submission CSV of either generation, unchanged, and their faults."""

import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from severstal.competition import rle
from severstal.competition.cells import read_cells
from severstal.competition.spec import Spec
from severstal.errors import SeverstalError

Form = Literal["today", "2019"]
"""Today a row is a mask and names its image and class in two columns; in 2019 a row was a pair, in one."""

TABLE_COLUMNS: dict[Form, tuple[str, ...]] = {
    "today": ("ImageId", "ClassId", "EncodedPixels"),
    "2019": ("ImageId_ClassId", "EncodedPixels"),
}

_LONGEST_SHOWN = 80  # characters of a file's header that an error repeats


class TableRow(NamedTuple):
    """One row: three texts, as the file has them.

    Attributes:
        image: name of the picture.
        class_text: text of the class, not necessarily a valid one; `row_faults` checks it.
        runs: the mask, or nothing but white space for none.
    """

    image: str
    class_text: str
    runs: str

    @property
    def is_empty(self) -> bool:
        """Whether the row holds no mask."""
        return not self.runs.strip()


def read_rows(path: str | Path) -> tuple[Form, list[TableRow]]:
    r"""Read the rows of either generation's form; columns may be in any order, others are ignored.

    Raises:
        SeverstalError: see `read_cells`; or the file has the columns of neither form.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "train.csv"
        >>> _ = path.write_text("ImageId_ClassId,EncodedPixels\nexp1_num_7.jpg_2,5 3\n")
        >>> read_rows(path)
        ('2019', [TableRow(image='exp1_num_7.jpg', class_text='2', runs='5 3')])
    """
    header, cells = read_cells(path)
    form = find_form(path, header)
    return form, name_cells(header, cells, form)


def find_form(path: str | Path, header: Sequence[str]) -> Form:
    """Detect the form of a table (2019 or today) from its header.

    Raises:
        SeverstalError: the header has the columns of neither form; the message names `path`.

    Example:
        >>> find_form("train.csv", ["EncodedPixels", "ImageId", "ClassId"])
        'today'
    """
    form: Form | None = next(
        (form for form in TABLE_COLUMNS if set(TABLE_COLUMNS[form]) <= set(header)), None
    )
    if form is None:
        old = "ImageId_ClassId" in header
        missing = next(name for name in TABLE_COLUMNS["2019" if old else "today"] if name not in header)
        raise SeverstalError(
            f"{path}: column {missing} is missing, the header is `{shorten_text(','.join(header))}`: "
            f"name the columns {','.join(TABLE_COLUMNS['today'])} "
            f"(or, as in 2019, {','.join(TABLE_COLUMNS['2019'])})"
        )
    return form


def name_cells(header: Sequence[str], cells: Sequence[Sequence[str]], form: Form) -> list[TableRow]:
    """Find image, class and runs in the cells of each row, by the columns of `form`.

    Example:
        >>> name_cells(["EncodedPixels", "ImageId_ClassId"], [["5 3", "a.jpg_2"]], "2019")
        [TableRow(image='a.jpg', class_text='2', runs='5 3')]
    """
    places = [header.index(name) for name in TABLE_COLUMNS[form]]
    if form == "today":
        return [TableRow(*(row[place] for place in places)) for row in cells]
    pair, runs = places
    return [TableRow(*split_pair(row[pair]), row[runs]) for row in cells]


def split_pair(text: str) -> tuple[str, str]:
    """Take 2019's `ImageId_ClassId` apart at its last underscore; without one there is no class.

    Example:
        >>> split_pair("exp1_num_7.jpg_2"), split_pair("a.jpg")
        (('exp1_num_7.jpg', '2'), ('a.jpg', ''))
    """
    image, underscore, class_text = text.rpartition("_")
    return (image, class_text) if underscore else (text, "")


def match_images(rows: Sequence[TableRow], images: Collection[str]) -> list[TableRow]:
    r"""Spell the images of rows as the pictures are spelt, where only the Unicode form (NFC, NFD) differs.

    macOS keeps the accent of a file's name apart from its letter (NFD), most programs write the two as one
    (NFC): both look the same.

    Args:
        rows: rows from `read_rows`.
        images: names of the pictures.

    Example:
        >>> (row,) = match_images([TableRow("\xe9.jpg", "1", "")], ["e\u0301.jpg"])
        >>> row.image == "e\u0301.jpg"
        True
    """
    known = frozenset(images)
    if all(row.image.isascii() or row.image in known for row in rows):
        return list(rows)
    composed = {unicodedata.normalize("NFC", image): image for image in images}
    return [
        row
        if row.image in known
        else row._replace(image=composed.get(unicodedata.normalize("NFC", row.image), row.image))
        for row in rows
    ]


def row_faults(
    rows: Sequence[TableRow],
    class_ids: range,
    *,
    images: Collection[str] | None = None,
    place: str = "the data set's pictures",
    may_be_empty: bool = True,
) -> dict[int, str]:
    """Find the rows whose image, class or pair is wrong.

    Args:
        rows: rows from `read_rows`.
        class_ids: the classes that there are.
        images: the images that there are; None where any will do.
        place: place where `images` are listed, for messages.
        may_be_empty: whether a row without a mask is allowed.

    Returns:
        Index of each faulty row, in order, to one line: the wrong value and the repair.

    Example:
        >>> row_faults([TableRow("a.jpg", "1", "1 3"), TableRow("a.jpg", "9", "1 3")], range(1, 5))
        {1: 'class `9` is not one of 1 to 4: correct it, or list it in dataset.toml'}
    """
    classes = {str(class_id) for class_id in class_ids}
    listed = f"{class_ids[0]} to {class_ids[-1]}" if len(class_ids) > 1 else f"{class_ids[0]}"
    known = None if images is None else frozenset(images)
    first: dict[tuple[str, str], int] = {}
    faults = {}
    for index, row in enumerate(rows):
        earlier = first.setdefault((row.image, row.class_text), index)
        sound = row.image and row.class_text in classes and (known is None or row.image in known)
        if sound and earlier == index and (may_be_empty or not row.is_empty):
            continue
        image, class_text = shorten_text(row.image), row.class_text
        if not row.image:
            fault = "the image's name is empty: write it, or delete the row"
        elif not class_text:
            fault = f"image {image} has no class: write one of {listed}"
        elif class_text == "0" and "0" not in classes:
            clean = "leave its mask empty" if may_be_empty else "delete the row"
            fault = (
                f"class 0 is only the sample submission's placeholder: write one of {listed}, "
                f"and if the image has no defect, {clean}"
            )
        elif class_text not in classes:
            # Escaped, as ` 3` and a full-width 3 look like the 3 that is asked for.
            fault = f"class `{shorten_text(ascii(class_text)[1:-1])}` is not one of {listed}: correct it" + (
                ", or list it in dataset.toml" if class_text.isdecimal() else ""
            )
        elif known is not None and row.image not in known:
            fault = f"image {image} is not among {place}: correct the name or delete the row"
            if match_images([row], known)[0] != row:
                fault = f"image {image} is not among {place} in this Unicode form: copy the name from there"
        elif earlier < index and rows[earlier].runs == row.runs:
            fault = f"image {image} class {class_text} repeats row {earlier + 1}: delete one of the two"
        elif earlier < index:
            fault = (
                f"image {image} class {class_text} has another mask in row {earlier + 1}: "
                "keep one, or merge them"
            )
        else:
            fault = f"image {image} class {class_text} has an empty mask: write its runs or delete the row"
        faults[index] = fault
    return faults


def run_faults(rows: Sequence[TableRow], spec: Spec) -> dict[int, str]:
    """Find the rows whose mask is no run-length text for their picture.

    Where each picture has its own size, the fault names the picture, and the runs of a picture that is not
    there may end anywhere.

    Args:
        rows: rows from `read_rows`.
        spec: says which shape each picture has.

    Returns:
        Index of each faulty row, in order, to one line that names the run.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> list(run_faults([TableRow("a.jpg", "1", ""), TableRow("a.jpg", "2", "5 0")], SEVERSTAL))
        [1]
    """
    filled = [index for index, row in enumerate(rows) if not row.is_empty]
    if spec.image_shape is not None:
        found = rle.faults([rows[index].runs for index in filled], spec.image_shape)
        return {filled[index]: found[index] for index in sorted(found)}
    faults = {}
    for index in filled:
        image, runs = rows[index].image, rows[index].runs
        if fault := rle.faults([runs], spec.find_shape(image) or (1, spec.pixels)):
            faults[index] = f"image {shorten_text(image)}: {fault[0]}"
    return faults


def raise_first(path: str | Path, faults: dict[int, str]) -> None:
    """Raise the fault of the first faulty row, and say how many more there are.

    Raises:
        SeverstalError: there is a fault.

    Example:
        >>> raise_first("train.csv", {6: "class 9: correct it", 8: "class 7: correct it"})
        Traceback (most recent call last):
        severstal.errors.SeverstalError: train.csv row 7: class 9: correct it (1 more row has a fault)
    """
    if not faults:
        return
    row, more = min(faults), len(faults) - 1
    rest = f" ({more} more row{'s have' if more > 1 else ' has'} a fault)" if more else ""
    raise SeverstalError(f"{path} row {row + 1}: {faults[row]}{rest}")


def shorten_text(text: str) -> str:
    r"""The beginning of a text, on one line, for an error.

    Example:
        >>> shorten_text("a\nb"), len(shorten_text("x" * 500))
        ('a b', 83)
    """
    line = " ".join(text.splitlines())
    return line if len(line) <= _LONGEST_SHOWN else line[:_LONGEST_SHOWN] + "..."
