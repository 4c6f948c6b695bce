r"""The catalogue of a folder's pictures: one JSON line per picture, append-only.

The first line names the shape and the file of pixels, each other one a picture: name, size and time of its
file, checksum of its pixels, and the row of the file of pixels where they stand, or null. Where each picture
has its own shape, the shape of the first line is null, each other line names its picture's, and a row is a
byte. Of two lines with
one name the later holds. Pixels reach the disk before the line that tells of them, and a line counts once its
end is there: whatever instant a writer is killed at, what the lines say is true.
"""

import json
import math
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from severstal.files import write_text

CATALOGUE = "pictures.jsonl"
_PIXEL_FILE = re.compile(r"pixels-[0-9a-f]{8}\.u8")


@dataclass(frozen=True)
class Source:
    """A picture file as the file system describes it.

    Attributes:
        name: name of the file.
        bytes: size in bytes.
        time: time of the last change, in nanoseconds.
    """

    name: str
    bytes: int
    time: int

    @classmethod
    def of(cls, path: Path) -> "Source":
        """Stat a file; raises `FileNotFoundError` where there is none."""
        status = path.stat()
        return cls(path.name, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Entry(Source):
    """The cached facts of a picture.

    Attributes:
        pixels: checksum of its decoded pixels.
        row: row in the file of pixels; None where the pixels are not stored.
        shape: shape of the picture's pixels; None where all pictures have the same.
    """

    pixels: str
    row: int | None
    shape: tuple[int, ...] | None = None

    @property
    def source(self) -> Source:
        """The file that this was learned from."""
        return Source(self.name, self.bytes, self.time)

    @property
    def rows(self) -> int:
        """Rows in the file of pixels that the picture takes."""
        return 1 if self.shape is None else math.prod(self.shape)

    def to_json(self) -> dict[str, Any]:
        """The line of the catalogue."""
        return {key: value for key, value in asdict(self).items() if key != "shape" or value is not None}


class Catalogue:
    """The lines of a folder's catalogue; only one process may add to it at a time.

    A catalogue that is absent, of another shape, unreadable, or that lists rows which its file of pixels
    does not hold is started again, with another file of pixels.

    Args:
        folder: folder of the catalogue and of the file of pixels.
        image_shape: height and width of each picture; None where each has its own.
        channels: 1 for grey pictures, 3 for colours.

    Attributes:
        entries: cached facts of the pictures, by name.
        rows: number of rows in the file of pixels.
        pixels: path of the file of pixels.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> Catalogue(folder, (2, 3)).add([Entry("a.jpg", bytes=900, time=1, pixels="5e7f", row=None)])
        >>> Catalogue(folder, (2, 3)).entries["a.jpg"].bytes
        900
    """

    def __init__(self, folder: Path, image_shape: tuple[int, int] | None, channels: int = 1):
        self.path, self.image_shape, self.channels = folder / CATALOGUE, image_shape, channels
        if not self._load():
            self.begin_anew()

    @property
    def row_bytes(self) -> int:
        """Bytes of a row: those of a picture, or 1 where each has its own shape."""
        return 1 if self.image_shape is None else math.prod(self.image_shape) * self.channels

    def shape_of(self, name: str) -> tuple[int, ...]:
        """The shape of the pixels of a picture that is in the catalogue: (H, W), or (H, W, 3) of colours."""
        if self.image_shape is None:
            return self.entries[name].shape
        return self.image_shape if self.channels == 1 else (*self.image_shape, self.channels)

    def offset_of(self, name: str) -> int:
        """The place in the file of pixels, in bytes, where a picture stands."""
        return self.entries[name].row * self.row_bytes

    def begin_anew(self) -> None:
        """Empty the catalogue and free the disk; a process that has the old file open can still read it."""
        self.entries: dict[str, Entry] = {}
        self.rows = 0
        self.pixels = self.path.with_name(f"pixels-{secrets.token_hex(4)}.u8")
        header = {"image_shape": self._shape, "pixels": self.pixels.name}
        header |= {} if self.channels == 1 else {"channels": self.channels}
        text = json.dumps(header) + "\n"
        self._bytes = len(text)
        write_text(self.path, text)
        for left in self.path.parent.iterdir():
            if _PIXEL_FILE.fullmatch(left.name):
                with suppress(OSError):  # on Windows, while another process reads it; the next time, then
                    left.unlink()

    def add(self, entries: Iterable[Entry]) -> None:
        """Append lines; their pixels have to be on the disk already."""
        lines = "".join(json.dumps(entry.to_json()) + "\n" for entry in entries).encode()
        with self.path.open("r+b") as file:
            file.truncate(self._bytes)  # cuts off a line that a kill left without its end
            file.seek(self._bytes)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        self._take(lines)

    @property
    def _shape(self) -> list[int] | None:
        return None if self.image_shape is None else list(self.image_shape)

    def _load(self) -> bool:
        if self.path.is_symlink():
            return False
        try:
            header, *_ = lines = self.path.read_bytes().splitlines(keepends=True)
            facts = json.loads(header)
            if not header.endswith(b"\n") or facts["image_shape"] != self._shape:
                return False
            if facts.get("channels", 1) != self.channels:
                return False
            if not _PIXEL_FILE.fullmatch(facts["pixels"]):
                return False
            self.pixels = self.path.with_name(facts["pixels"])
            self.entries, self.rows, self._bytes = {}, 0, len(header)
            self._take(b"".join(line for line in lines[1:] if line.endswith(b"\n")))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return False
        if self.pixels.is_symlink():  # it may lead to a file of somebody's
            return False
        held = self.pixels.stat().st_size if self.pixels.is_file() else 0
        return held >= self.rows * self.row_bytes

    def _take(self, lines: bytes) -> None:
        for line in lines.splitlines():
            facts = json.loads(line)
            if (facts.get("shape") is None) != (self.image_shape is not None):
                raise ValueError("a shape of its own, or none, where the others have it")
            entry = Entry(**facts | ({"shape": tuple(facts["shape"])} if self.image_shape is None else {}))
            self.entries[entry.name] = entry
            if entry.row is not None:
                self.rows = max(self.rows, entry.row + entry.rows)
        self._bytes += len(lines)


def stored_shapes(folder: Path) -> dict[str, tuple[int, int, tuple[int, int]]]:
    """Read the shapes of pictures of many sizes from a catalogue, which is left as it is.

    Args:
        folder: folder of the catalogue; it may be missing or hold another.

    Returns:
        By the name of a file its size in bytes, the time of its last change in nanoseconds, and the height
        and the width of the picture, for `Shapes.remember`; none where the catalogue has no shapes.
    """
    found = {}
    try:
        for line in (folder / CATALOGUE).read_bytes().splitlines(keepends=True)[1:]:
            if line.endswith(b"\n"):
                facts = json.loads(line)
                height, width = facts["shape"][:2]
                found[facts["name"]] = (facts["bytes"], facts["time"], (height, width))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}
    return found
