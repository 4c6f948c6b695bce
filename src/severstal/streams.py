"""Outputs that are not regular files: devices, named pipes, and the process's own descriptors."""

import os
import shutil
import stat
import sys
from contextlib import suppress
from pathlib import Path

from severstal.errors import SeverstalError


def is_stream(path: str | Path) -> bool:
    """Return whether `path` is written to directly, since it is not a regular file.

    A symlink counts only in /dev and /proc, where it refers to a device or a descriptor, as /dev/stdout and
    /proc/self/fd/1 do. Elsewhere a symlink may have been planted in a folder of foreign origin.

    Example:
        >>> is_stream("/dev/null"), is_stream("a/file/that/is/not/there")
        (True, False)
    """
    path = Path(path)
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    if stat.S_ISLNK(mode):
        folder = path.parent.resolve()
        return folder == Path("/dev") or Path("/proc") in folder.parents
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def copy_to_stream(file: Path, path: str | Path) -> None:
    """Write the bytes of a file to the stream at `path`, after all that the process has printed so far.

    Raises:
        OSError: `path` cannot be written to.
        SeverstalError: `path` is a disk, whose data this would destroy.
    """
    path = Path(path)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or none at all
            stream.flush()
    own = _own_descriptor(path)
    # Opened anew by its name, a descriptor of a file would be written from the file's beginning.
    descriptor = os.dup(own) if own is not None else os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
    with os.fdopen(descriptor, "wb") as target, file.open("rb") as source:
        if stat.S_ISBLK(os.fstat(descriptor).st_mode):
            raise SeverstalError(f"{path}: is a disk: name a file")
        shutil.copyfileobj(source, target)


def _own_descriptor(path: Path) -> int | None:
    """Return the number of the process's descriptor that a path in /dev or /proc refers to."""
    if path.is_symlink() and path.parent.resolve() == Path("/dev"):
        path = path.parent / path.readlink()  # /dev/stdout leads to /proc/self/fd/1
    if path.name.isdecimal() and path.parent.resolve() == Path(f"/proc/{os.getpid()}/fd"):
        return int(path.name)
    return None
