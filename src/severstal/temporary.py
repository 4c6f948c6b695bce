"""Temporary files and folders beside their target: unguessable names, removed by the process that made them.

A temporary file is called `.severstal-`, 32 random hexadecimal digits, `.part`. It is created exclusively
(`O_EXCL`), so that neither a file nor a symlink that is there already is ever written through. The process
that created it holds a lock on it (`flock`). A temporary folder has the same name with `.folder` at the end;
its lock is such a file beside it. What a killed process left has such a name and is not locked: the first
write of another process into the same folder deletes it, and deletes nothing else.
"""

import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where what a killed process left stays
    fcntl = None  # type: ignore[assignment]

_NAME = re.compile(r"\.severstal-[0-9a-f]{32}\.part")
_EXCLUSIVE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_swept: set[Path] = set()  # folders that this process has looked through


@contextmanager
def temporary_file(folder: Path, mode: int = 0o666) -> Iterator[Path]:
    """Make an empty file in `folder`, and delete it once the block ends, if it still has this name.

    Args:
        folder: folder of the file; it must exist.
        mode: permissions, from which the process's umask is taken.

    Raises:
        OSError: the folder may not be written.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with temporary_file(folder) as part:
        ...     part.stat().st_size, [path == part for path in folder.iterdir()]
        (0, [True])
        >>> list(folder.iterdir())
        []
    """
    _sweep(folder)
    descriptor = None
    while descriptor is None:
        path = folder / f".severstal-{secrets.token_hex(16)}.part"
        descriptor = _create_locked(path, mode)
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


@contextmanager
def temporary_folder(folder: Path) -> Iterator[Path]:
    """Make an empty folder in `folder`, and delete it once the block ends, if it still has this name.

    Raises:
        OSError: `folder` may not be written.

    Example:
        >>> import tempfile
        >>> with temporary_folder(Path(tempfile.mkdtemp())) as part:
        ...     part.is_dir(), list(part.iterdir())
        (True, [])
        >>> part.exists()
        False
    """
    with temporary_file(folder) as lock:
        path = _folder_of(lock)
        path.mkdir()
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def _folder_of(lock: Path) -> Path:
    return lock.with_suffix(".folder")


def _create_locked(path: Path, mode: int) -> int | None:
    """Make a file and lock it; None where another process took it for a left one before it was locked."""
    descriptor = os.open(path, _EXCLUSIVE, mode)
    if fcntl is not None:
        with suppress(OSError):  # a disk without locks: nothing is swept there either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not path.exists():
            os.close(descriptor)
            return None
    return descriptor


def _sweep(folder: Path) -> None:
    """Delete the temporary files of killed processes in a folder, once per process and folder."""
    folder = folder.absolute()
    if fcntl is None or folder in _swept:
        return
    _swept.add(folder)
    with suppress(OSError), os.scandir(folder) as entries:
        left = [Path(entry.path) for entry in entries if _NAME.fullmatch(entry.name)]
        for path in left:
            with suppress(OSError):
                _delete_unlocked(path)


def _delete_unlocked(path: Path) -> None:
    if not stat.S_ISREG(path.lstat().st_mode):
        return  # not made here
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _folder_of(path).exists():
            shutil.rmtree(_folder_of(path))  # follows no symlink
        path.unlink()
    finally:
        os.close(descriptor)
