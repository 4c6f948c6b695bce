"""Files that other programs wrote: read without trusting them, each fault one line."""

import json
import ntpath
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from severstal.competition.encoding import decode_text
from severstal.errors import SeverstalError

MAX_BYTES = 1 << 30  # the whole competition's labels take some 50 MB in the wordiest of the forms


def read_bytes(path: str | Path) -> bytes:
    """Read a file of at most 1 GiB.

    Raises:
        SeverstalError: the file is missing, unreadable or larger.

    Example:
        >>> read_bytes("a.json")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a.json: no such file: correct the path
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SeverstalError(
                f"{path}: larger than {MAX_BYTES >> 20} MiB: export fewer pictures at a time"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such file: correct the path") from None
    except IsADirectoryError:
        raise SeverstalError(f"{path}: is a folder: name the file in it") from None
    except OSError as error:
        raise SeverstalError(f"{path}: {error.strerror}: give a readable file") from error


def read_text(path: str | Path) -> str:
    """Read a text in UTF-8, or in UTF-16 with a byte-order mark.

    Raises:
        SeverstalError: see `read_bytes`; or the text is in another encoding.
    """
    try:
        return decode_text(read_bytes(path))
    except UnicodeDecodeError as error:
        raise SeverstalError(f"{path}: not UTF-8 text: export it again as UTF-8") from error


def read_foreign_json(path: str | Path) -> Any:
    """Read a JSON file of any origin.

    Raises:
        SeverstalError: see `read_text`; or the text is not JSON, or nested too deeply to read.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.json"
        >>> _ = path.write_text("[1, 2")
        >>> read_foreign_json(path)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: ...a.json: not JSON (Expecting ...): export it again
    """
    try:
        return json.loads(read_text(path), object_pairs_hook=lambda pairs: _object(pairs, path))
    except RecursionError:
        raise SeverstalError(f"{path}: nested too deeply for a file of labels: give another file") from None
    except ValueError as error:  # of the syntax, or of a number with thousands of digits
        raise SeverstalError(f"{path}: not JSON ({error}): export it again") from error


def read_lines(path: str | Path) -> list[tuple[int, Any]]:
    """Read a file of one JSON value per line (NDJSON), blank lines left out.

    Returns:
        The number of each line, from 1, and its value.

    Raises:
        SeverstalError: see `read_text`; or a line is not JSON.
    """
    found = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            try:
                found.append((number, json.loads(line, object_pairs_hook=lambda pairs: _object(pairs, path))))
            except (ValueError, RecursionError) as error:
                raise SeverstalError(
                    f"{path} line {number}: not JSON: export the project as NDJSON, one JSON value per line"
                ) from error
    return found


def read_xml(path: str | Path) -> ElementTree.Element:
    """Read an XML file of any origin: no document type, so that no entity is ever declared or expanded.

    Returns:
        The root element.

    Raises:
        SeverstalError: see `read_text`; or the text is not XML, or declares a document type.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.xml"
        >>> _ = path.write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
        >>> read_xml(path)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: ...a.xml: declares a document type (DOCTYPE): delete that line
    """
    text = read_text(path)
    # Decoded above and in UTF-8 below, XML has no second way to write these letters.
    if "\0" in text:  # UTF-16 without a mark, which the parser would take all the same
        raise SeverstalError(f"{path}: not XML (it holds zero bytes): export it again as UTF-8")
    if "<!DOCTYPE" in text:
        raise SeverstalError(f"{path}: declares a document type (DOCTYPE): delete that line")
    try:
        return ElementTree.fromstring(text.encode(), ElementTree.XMLParser(encoding="utf-8"))
    except (ElementTree.ParseError, ValueError) as error:
        raise SeverstalError(f"{path}: not XML ({error}): export it again") from error


def base_name(text: str) -> str:
    r"""Return the file name of a path of any operating system.

    Example:
        >>> base_name("../pictures/a.jpg"), base_name("C:\\steel\\a.jpg")
        ('a.jpg', 'a.jpg')
    """
    return ntpath.basename(text)


def listed(value: Any, where: str, what: str) -> list[Any]:
    """Check that a value read from JSON is a list.

    Example:
        >>> listed({}, "a.json", "shapes")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a.json: shapes is not a list: export it again
    """
    if not isinstance(value, list):
        raise SeverstalError(f"{where}: {what} is not a list: export it again")
    return value


def mapped(value: Any, where: str, what: str) -> dict[str, Any]:
    """Check that a value read from JSON is an object.

    Example:
        >>> mapped([], "a.json", "shape 1")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a.json: shape 1 is not an object: export it again
    """
    if not isinstance(value, dict):
        raise SeverstalError(f"{where}: {what} is not an object: export it again")
    return value


def quote(value: Any) -> str:
    r"""A value from outside for an error: on one line, and cut.

    Example:
        >>> quote("a\nb"), len(quote("x" * 500))
        ("'a\\nb'", 63)
    """
    if value is None:
        return "nothing"
    text = re.sub(r"\s+", " ", repr(value)) if isinstance(value, str | int | float) else type(value).__name__
    return text if len(text) <= 60 else text[:60] + "..."


def _object(pairs: list[tuple[str, Any]], path: str | Path) -> dict[str, Any]:
    """An object of JSON; of a repeated key Python would keep the last value and lose the others' labels."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SeverstalError(f"{path}: the key {twice[:60]!r} stands twice in one object: export it again")
    return found
