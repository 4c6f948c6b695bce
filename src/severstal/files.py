"""Atomic writes of files and folders: written under a temporary name, then renamed into place."""

import errno
import hashlib
import json
import logging
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from severstal.errors import SeverstalError
from severstal.streams import copy_to_stream, is_stream
from severstal.temporary import temporary_file, temporary_folder

_JSON_BYTES = 256 << 20  # the longest that is written, the manifest of 18,000 maps, takes 3 MB

logger = logging.getLogger("severstal")


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary file beside `path`, and rename it to `path` once the block ends without an error.

    A process killed inside the block leaves the earlier file as it was; see `temporary` for the stray one.
    Readers find the earlier file or the new one, whole, however many write. What is at `path` already:

    - a regular file gives the new one its permissions (without one, the umask decides);
    - a symlink is replaced, and the file that it leads to stays as it is;
    - what is not a file (a device, a named pipe, one of the process's own descriptors such as /dev/stdout or
      /proc/self/fd/1) stays, and is written to once the block has ended.

    The block writes into the temporary file and does not put another in its place.

    Raises:
        SeverstalError: `path` is a folder or a disk, may not be written or the disk is full; the earlier file
            stays.

    Example:
        >>> target = Path(tempfile.mkdtemp()) / "note.txt"
        >>> with atomic_write(target) as part:
        ...     _ = part.write_text("whole")
        >>> target.read_text()
        'whole'
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise SeverstalError(f"{path}: is a folder: name a file in it")
        if is_stream(path):
            with tempfile.TemporaryDirectory() as folder:
                part = Path(folder) / "part"
                part.touch()
                yield part
                copy_to_stream(part, path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        earlier = _regular_file(path)
        if earlier is not None and not os.access(path, os.W_OK):
            raise SeverstalError(f"{path}: is write-protected: name another file or change its permissions")
        with temporary_file(path.parent, 0o666 if earlier is None else 0o600) as part:
            yield part
            _replace(part, path, earlier)
    except OSError as error:
        raise explain_os_error(error, path) from error


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`, and rename it to `path` once the block ends without an error.

    A process killed inside the block leaves `path` as it was; see `temporary` for the stray folder. Nothing
    else is ever deleted. Where `path` is a symlink to a folder, the work is done beside that folder.

    Raises:
        SeverstalError: `path` holds something already, may not be written or the disk is full.

    Example:
        >>> target = Path(tempfile.mkdtemp()) / "labels"
        >>> with atomic_folder(target) as part:
        ...     _ = (part / "a.json").write_text("{}")
        >>> [file.name for file in target.iterdir()]
        ['a.json']
    """
    path = Path(path)
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise SeverstalError(f"{path}: holds something already: name a new folder, or delete it first")
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(target.parent) as part:
            yield part
            for file in part.rglob("*"):
                _sync(file)
            with suppress(FileNotFoundError):
                target.rmdir()  # it is empty; not every system renames over one
            part.rename(target)
            _sync(target.parent)
    except OSError as error:
        raise explain_os_error(error, path) from error


@contextmanager
def exclusive_lock(folder: str | Path, other: str) -> Iterator[None]:
    """Keep other processes out of a folder while the block runs; the lock of a killed one is gone with it.

    Args:
        folder: made where it is not there; all who call this for it have their turn.
        other: who is waited for, in the words of the line that says so.

    Raises:
        SeverstalError: the folder may not be written, or its file `lock` is a symlink.

    Example:
        >>> folder = Path(tempfile.mkdtemp())
        >>> with exclusive_lock(folder, "another process that draws"):
        ...     write_text(folder / "drawing.txt", "a line")
    """
    path = Path(folder) / "lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            raise SeverstalError(f"{path}: is a symlink: delete it and run the same command again")
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            logger.warning("%s: waiting for %s", folder, other)
            lock.acquire()
    except OSError as error:
        raise explain_os_error(error, path) from error
    try:
        yield
    finally:
        lock.release()


def explain_os_error(error: OSError, path: Path) -> SeverstalError:
    """Return an error that says in one line why `path` could not be written, and the repair.

    Example:
        >>> print(explain_os_error(OSError(errno.ENOSPC, "No space left on device"), Path("runs/a")))
        runs/a: the disk is full: free some space and run the same command again
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SeverstalError(f"{path}: the disk is full: free some space and run the same command again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return SeverstalError(f"{path}: may not be written: choose another folder or change its permissions")
    return SeverstalError(f"{path}: {error.strerror or error}: repair this and run the same command again")


def write_text(path: str | Path, text: str) -> None:
    r"""Write a text file atomically: UTF-8, with the line ends of `text`.

    Example:
        >>> target = Path(tempfile.mkdtemp()) / "a.csv"
        >>> write_text(target, "a,b\n")
        >>> target.read_bytes()
        b'a,b\n'
    """
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


def write_json(path: str | Path, value: Any) -> None:
    """Write a value as indented JSON, whole.

    Example:
        >>> target = Path(tempfile.mkdtemp()) / "a.json"
        >>> write_json(target, {"score": 0.9})
        >>> read_json(target)
        {'score': 0.9}
    """
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file that this project wrote, of at most 256 MiB.

    Raises:
        SeverstalError: the file is missing, larger, not JSON, or nested too deeply to be read.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _JSON_BYTES:
            raise SeverstalError(f"{path}: larger than {_JSON_BYTES >> 20} MiB: delete it and run again")
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SeverstalError(f"{path}: not there: run the command that makes it first") from None
    except RecursionError:
        raise SeverstalError(f"{path}: nested too deeply: delete it and run again") from None
    except ValueError as error:  # of the syntax, the encoding, or a number of thousands of digits
        raise SeverstalError(f"{path}: not JSON ({error}): delete it and run again") from error


def checksum(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Example:
        >>> target = Path(tempfile.mkdtemp()) / "empty"
        >>> target.touch()
        >>> checksum(target)[:8]
        'e3b0c442'
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(value: Any) -> str:
    """SHA-256 of a JSON-able value, the same for equal values.

    Example:
        >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
        True
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _regular_file(path: Path) -> os.stat_result | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _replace(part: Path, path: Path, earlier: os.stat_result | None) -> None:
    """Set the owner and the permissions of the earlier file on a written one, and rename it into place."""
    descriptor = os.open(part, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        if earlier is not None and hasattr(os, "fchmod"):
            with suppress(OSError):  # only the superuser may give files away
                os.fchown(descriptor, earlier.st_uid, earlier.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(earlier.st_mode) & 0o777)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Have the disk hold a file, or the names in a folder, before anything that is written later."""
    with suppress(OSError):  # not every system opens folders, not every disk knows the call
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
