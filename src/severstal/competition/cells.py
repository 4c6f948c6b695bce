"""The cells of a CSV file as text, within stated bounds."""

import csv
from pathlib import Path

from severstal.competition.encoding import text_encoding
from severstal.errors import SeverstalError

_MOST_ROWS = 400_000  # eight times Severstal's pairs
_MOST_BYTES = 512 << 20
_PACKED = {
    b"PK\3\4": "ZIP archive",
    b"\x1f\x8b": "gzip archive",
    b"7z\xbc\xaf": "7z archive",
}  # by first bytes
_SEPARATORS = {
    ";": "semicolons",
    "\t": "tabs",
    "|": "vertical bars",
}  # as spreadsheets of some countries write


def read_cells(path: str | Path) -> tuple[list[str], list[list[str]]]:
    r"""Read a CSV file of at most 512 MiB and fewer than 400,000 rows as text, with any columns.

    The file may be UTF-8, or UTF-16 with a byte-order mark. Windows line ends and blank lines are passed
    over. No text stands for a missing value, so a picture may be named `NA`.

    Returns:
        The header, and the rows, each with as many cells as the header.

    Raises:
        SeverstalError: the file is missing, unreadable, an archive, empty, larger, of another encoding,
            wrongly quoted or ragged, or something else than commas separates its columns.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.csv"
        >>> _ = path.write_bytes(b"\xef\xbb\xbfImageId,ClassId\r\nNA,1\r\n")
        >>> read_cells(path)
        (['ImageId', 'ClassId'], [['NA', '1']])
    """
    if Path(path).is_file() and Path(path).stat().st_size > _MOST_BYTES:
        raise SeverstalError(f"{path}: larger than {_MOST_BYTES >> 20} MiB: split it by its images")
    csv.field_size_limit(2**31 - 1)  # a ragged mask outgrows the module's own limit of 131,072 characters
    rows: list[list[str]] = []
    try:
        with Path(path).open("rb") as file:
            start = file.read(4)
        packed = next((what for magic, what in _PACKED.items() if start.startswith(magic)), None)
        if packed is not None:
            raise SeverstalError(f"{path}: a {packed}, not a CSV file: unpack it and name the file inside")
        encoding = text_encoding(start)
        with Path(path).open(encoding=encoding, newline="") as file:
            for cells in csv.reader(file, strict=True):
                if cells:
                    rows.append(cells)
                if len(rows) > _MOST_ROWS:  # the header is one of them
                    raise SeverstalError(f"{path}: has {_MOST_ROWS:,} rows or more: split it by its images")
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such file: correct the path or put the file there") from None
    except OSError as error:
        raise SeverstalError(f"{path}: {error.strerror}: give a CSV file that can be read") from error
    except UnicodeDecodeError as error:
        raise SeverstalError(f"{path}: not UTF-8 text: save it again as CSV in UTF-8") from error
    except csv.Error as error:
        place = f"row {len(rows)}" if rows else "header"
        raise SeverstalError(
            f"{path} {place}: a quotation mark is out of place ({error}): close or delete it"
        ) from error
    if not rows:
        raise SeverstalError(f"{path}: empty: fetch or write the file again")
    header, cells = rows[0], rows[1:]
    for character, name in _SEPARATORS.items():
        if len(header) == 1 and character in header[0]:
            raise SeverstalError(f"{path}: {name} separate its columns: save it again with commas")
    for number, row in enumerate(cells, start=1):
        if len(row) != len(header):
            raise SeverstalError(
                f"{path} row {number}: the header has {len(header)} cells, this row {len(row)}: "
                "complete the row, or put a cell that holds a comma in quotation marks"
            )
    return header, cells
