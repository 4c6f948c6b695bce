"""An export as a labelling tool writes it: a file, a folder, or a ZIP of either."""

import lzma
import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from severstal.errors import SeverstalError
from severstal.files import explain_os_error

_MOST_ENTRIES = 200_000  # the competition has 18,000 pictures, an export a few files for each
_MOST_BYTES = 4 << 30  # unpacked, the pictures left out
_CHUNK = 1 << 20
_DAMAGES = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, ValueError, NotImplementedError),
    *(zlib.error, lzma.LZMAError),
)


@contextmanager
def unpacked(path: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    """Yield a path as it is, or for a ZIP a temporary folder with its files of some endings.

    Args:
        path: a file or a folder.
        endings: endings of the needed files, such as `.json`; pictures in the archive stay packed.

    Raises:
        SeverstalError: the archive is damaged, encrypted, too large, or a path in it leads out of it.

    Example:
        >>> folder = Path(tempfile.mkdtemp())
        >>> with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        ...     archive.writestr("annotations/a.json", "[]")
        >>> with unpacked(folder / "a.zip", (".json",)) as place:
        ...     [file.name for file in place.rglob("*.json")]
        ['a.json']
    """
    if not (path.is_file() and _is_zip(path)):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="severstal-") as folder:
        try:
            _unpack(path, Path(folder), endings)
        except _DAMAGES as error:
            raise SeverstalError(f"{path}: a damaged ZIP ({error}): export it again") from error
        except RuntimeError as error:
            raise SeverstalError(f"{path}: the ZIP is encrypted: unpack it, and name the folder") from error
        except OSError as error:
            raise explain_os_error(error, path) from error
        try:
            yield Path(folder)
        except SeverstalError as error:
            error.args = (str(error).replace(folder, str(path)),)  # the folder is gone when this is read
            raise


def documents(path: Path, ending: str) -> list[Path]:
    """The files of an ending in a folder and below, sorted, hidden ones left out; a file is the only one.

    Raises:
        SeverstalError: there is none.
    """
    if not path.is_dir():
        return [path]
    found = sorted(
        file
        for file in path.rglob(f"*{ending}")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not found:
        raise SeverstalError(f"{path}: holds no {ending} file: name the file or the folder that does")
    return found


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False  # for the reader to explain


def _unpack(path: Path, folder: Path, endings: tuple[str, ...]) -> None:
    left = _MOST_BYTES
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST_ENTRIES:
            raise SeverstalError(
                f"{path}: the ZIP holds {len(entries):,} files, more than {_MOST_ENTRIES:,}: export fewer "
                "pictures at a time"
            )
        for entry in entries:
            name = entry.filename.replace("\\", "/")
            parts = PurePosixPath(name).parts
            if name.startswith("/") or ".." in parts or re.match("[A-Za-z]:", name) or _is_link(entry):
                raise SeverstalError(
                    f"{path}: `{ascii(name)[1:-1][:80]}` leads out of the ZIP's own folder: export it again"
                )
            hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
            if entry.is_dir() or hidden or not name.lower().endswith(endings):
                continue
            target = folder.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, target.open("wb") as file:
                while chunk := source.read(_CHUNK):  # counted as it comes: a header may say anything
                    left -= len(chunk)
                    if left < 0:
                        raise SeverstalError(
                            f"{path}: the ZIP holds more than {_MOST_BYTES >> 30} GiB: export fewer "
                            "pictures at a time"
                        )
                    file.write(chunk)


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)
