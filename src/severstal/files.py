"""Files that are whole or not there: written beside their name, then renamed into place."""

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from severstal.errors import SeverstalError


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and rename it to `path` once the block ends without an error.

    A process killed inside the block leaves the earlier file as it was. The temporary name is the same for
    each try, so that a killed one leaves at most one stray file, which the next try overwrites.

    Raises:
        SeverstalError: `path` is a folder, may not be written or the disk is full; the earlier file stays.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "note.txt"
        >>> with atomic_write(target) as part:
        ...     _ = part.write_text("whole")
        >>> target.read_text()
        'whole'
    """
    path = Path(path)
    if path.is_dir():
        raise SeverstalError(f"{path}: is a folder: name a file in it")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
    except BaseException as error:
        with suppress(OSError):  # where the folder itself is at fault, there is nothing to delete
            part.unlink()
        if isinstance(error, OSError):
            raise explain_os_error(error, path) from error
        raise


@contextmanager
def exclusive_lock(folder: str | Path, other: str) -> Iterator[None]:
    """Keep other processes out of a folder while the block runs; the lock of a killed one is gone with it.

    Args:
        folder: made where it is not there; all who call this for it have their turn.
        other: who is waited for, in the words of the line that says so.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with exclusive_lock(folder, "another process that draws"):
        ...     write_text(folder / "drawing.txt", "a line")
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    lock = FileLock(Path(folder) / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"{folder}: waiting for {other}", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def explain_os_error(error: OSError, path: Path) -> SeverstalError:
    """Say in one line why `path` could not be written and what to do.

    Example:
        >>> print(explain_os_error(OSError(errno.ENOSPC, "No space left on device"), Path("runs/a")))
        runs/a: the disk is full: free some space and give the same command again
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SeverstalError(f"{path}: the disk is full: free some space and give the same command again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return SeverstalError(f"{path}: may not be written: choose another folder or change its permissions")
    return SeverstalError(f"{path}: {error.strerror or error}: repair this and give the same command again")


def write_text(path: str | Path, text: str) -> None:
    r"""Write a text file whole: UTF-8, with line ends as they stand in `text`.

    Example:
        >>> import tempfile
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
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "a.json"
        >>> write_json(target, {"score": 0.9})
        >>> read_json(target)
        {'score': 0.9}
    """
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file that this project wrote.

    Raises:
        SeverstalError: the file is missing or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SeverstalError(f"{path}: not there: give the command that makes it first") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise SeverstalError(f"{path}: not JSON ({error}): delete it and run again") from error


def checksum(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Example:
        >>> import tempfile
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
