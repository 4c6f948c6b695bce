"""Unpack a zip that came from outside: nothing leaves the folder, and an interrupted unpacking resumes."""

import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from severstal.errors import SeverstalError
from severstal.files import atomic_write
from severstal.progress import progress

PLAIN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")  # no dot or space at an end, no device
MOST_ENTRIES = 100_000
CHUNK = 1 << 20


class DamagedArchive(SeverstalError):
    """The archive is not a zip, or its bytes differ from its table of contents."""


def is_archive(path: str | Path) -> bool:
    """Return whether a file exists and has a zip's table of contents, which is at the end.

    Example:
        >>> is_archive("a.zip")
        False
    """
    try:
        with zipfile.ZipFile(path):
            return True
    except (OSError, zipfile.BadZipFile):
        return False


def check_archive(path: str | Path, largest: int) -> list[zipfile.ZipInfo]:
    """Check everything in a zip's table of contents, before a byte of it is unpacked.

    Refused are names that are not plain (absolute, `..`, backslashes, colons, control or other unusual
    characters), names that are equal or differ only in case, a name that is both file and folder, links and
    other special files, encryption, unusual compressions, and too many files or bytes.

    Args:
        path: path of the zip.
        largest: largest number of bytes that all files together may have.

    Returns:
        The entries that are files.

    Raises:
        SeverstalError: an entry is refused; the message names it.
        DamagedArchive: the file is no zip.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.zip"
        >>> with zipfile.ZipFile(path, "w") as archive:
        ...     archive.writestr("../train.csv", "ImageId")
        >>> check_archive(path, largest=1_000)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: ...: entry '../train.csv' has a name that could lead out ...: ...
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise DamagedArchive(f"{path}: not a whole zip ({error}): run the same command again") from None

    def refuse(entry: zipfile.ZipInfo, reason: str) -> SeverstalError:
        name = ascii(entry.orig_filename[:80])
        return SeverstalError(f"{path}: entry {name} {reason}: not unpacked, delete the file")

    held = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES or held > largest:
        raise SeverstalError(
            f"{path}: says it holds {len(entries):,} files of {held / 1e9:.1f} GB, where at most "
            f"{MOST_ENTRIES:,} of {largest / 1e9:.1f} GB were expected: not unpacked, delete the file"
        )
    seen: set[str] = set()
    for entry in entries:
        parts = entry.orig_filename.removesuffix("/").split("/")
        if entry.orig_filename != entry.filename or not all(PLAIN.fullmatch(part) for part in parts):
            raise refuse(entry, "has a name that could lead out of the folder")
        if stat.S_IFMT(entry.external_attr >> 16) not in (
            0,
            stat.S_IFDIR if entry.is_dir() else stat.S_IFREG,
        ):
            raise refuse(entry, "is a link or a special file")
        if entry.flag_bits & 0x1:
            raise refuse(entry, "is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refuse(entry, "is compressed in an unusual way")
        if not entry.is_dir() and "/".join(parts).lower() in seen:
            raise refuse(entry, "is there twice")
        if not entry.is_dir():
            seen.add("/".join(parts).lower())
    files = [entry for entry in entries if not entry.is_dir()]
    for entry in files:
        parts = entry.filename.lower().split("/")
        if any("/".join(parts[:depth]) in seen for depth in range(1, len(parts))):
            raise refuse(entry, "is inside a file")
    return files


def unzip(path: str | Path, folder: str | Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    """Unpack entries, skipping those whose file is there with the right size and checksum.

    Each file is written beside its name and renamed when it is whole and its checksum right.

    Args:
        path: path of the zip.
        folder: folder to unpack to; made when it is missing.
        entries: entries from `check_archive`.

    Raises:
        SeverstalError: `folder` holds files that the zip does not, or may not be written.
        DamagedArchive: a checksum is wrong.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        ...     archive.writestr("tables/train.csv", "ImageId")
        >>> unzip(folder / "a.zip", folder / "out", check_archive(folder / "a.zip", largest=1_000))
        >>> (folder / "out/tables/train.csv").read_text()
        'ImageId'
    """
    folder = Path(folder)
    with zipfile.ZipFile(path) as archive:
        for entry in progress(entries, "unpack", unit="file"):
            target = folder / entry.filename
            if _is_there(target, entry):
                continue
            try:
                with atomic_write(target) as part, archive.open(entry) as source, part.open("wb") as file:
                    shutil.copyfileobj(source, file, CHUNK)
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise DamagedArchive(f"{path}: is damaged ({error}): run the same command again") from None
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if not file.is_dir()}
    if strange := there - {entry.filename for entry in entries}:
        raise SeverstalError(
            f"{folder / min(strange)}: not from {path}: remove it and run the same command again"
        )


def _is_there(target: Path, entry: zipfile.ZipInfo) -> bool:
    if not target.is_file() or target.stat().st_size != entry.file_size:
        return False
    crc = 0
    with target.open("rb") as file:
        while chunk := file.read(CHUNK):
            crc = zlib.crc32(chunk, crc)
    return crc == entry.CRC
