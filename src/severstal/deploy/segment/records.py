"""What was found in each picture of an output folder, line by line, so that a stopped command goes on."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from severstal.errors import SeverstalError
from severstal.files import atomic_write, explain_os_error

RECORDS = "records.jsonl"
"""The file's name in the output folder."""


class Records:
    """The records of an output folder: one JSON line per picture, appended when its files are written.

    Only names and places of the lines are held in memory. A line that a kill left unfinished is cut off.

    Args:
        folder: existing folder of the outputs.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> records = Records(folder)
        >>> records.add("a", {"key": "1", "defects": 3})
        >>> Records(folder).find("a", "1"), Records(folder).find("a", "2")
        ({'key': '1', 'defects': 3}, None)
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / RECORDS
        self._places: dict[str, int] = {}
        if self._path.is_symlink():
            raise SeverstalError(f"{self._path}: is a symlink: delete it and give the same command again")
        end = 0
        try:
            if self._path.is_file():
                with self._path.open("r+b") as file:
                    for line in file:
                        name = _name_of(line)
                        if name is None:
                            break
                        self._places[name], end = end, end + len(line)
                    file.truncate(end)
        except OSError as error:
            raise explain_os_error(error, self._path) from error

    def find(self, name: str, key: str) -> dict[str, Any] | None:
        """The record of a picture, where it was made with the same key."""
        if name not in self._places:
            return None
        record = self._at(self._places[name])
        return record if record.get("key") == key else None

    def add(self, name: str, record: dict[str, Any]) -> None:
        """Append a record, which takes the place of an earlier one of this name."""
        line = json.dumps({"name": name, "record": record}, ensure_ascii=False) + "\n"
        try:
            with self._path.open("ab") as file:
                self._places[name] = file.tell()
                file.write(line.encode())
        except OSError as error:
            raise explain_os_error(error, self._path) from error

    def each(self, names: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The records of these pictures, in this order."""
        return (self._at(self._places[name]) for name in names)

    def compact(self) -> None:
        """Leave out the lines whose place others have taken."""
        if not self._path.is_file():
            return
        with atomic_write(self._path) as part, part.open("wb") as target, self._path.open("rb") as file:
            places = {}
            for name, place in sorted(self._places.items(), key=lambda item: item[1]):
                file.seek(place)
                places[name] = target.tell()
                target.write(file.readline())
        self._places = places

    def _at(self, place: int) -> dict[str, Any]:
        with self._path.open("rb") as file:
            file.seek(place)
            return json.loads(file.readline())["record"]


def _name_of(line: bytes) -> str | None:
    """The name in a whole line; None where the line is damaged."""
    if not line.endswith(b"\n"):
        return None
    try:
        found = json.loads(line)
        whole = isinstance(found["name"], str) and isinstance(found["record"], dict)
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return found["name"] if whole else None
