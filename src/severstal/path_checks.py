"""Checks of paths before anything is written: no output over an input, no link out of a folder."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from severstal.errors import SeverstalError
from severstal.streams import is_stream

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def refuse_overwrite(outputs: Iterable[str | Path | None], inputs: Iterable[str | Path | None]) -> None:
    """Refuse outputs that would overwrite files that a command reads, or each other.

    Args:
        outputs: the files that will be written; None is passed over.
        inputs: files that are read, and folders whose files are read; None is passed over.

    Raises:
        SeverstalError: an output is one of the inputs, under any name (a symlink, a hard link); or is a file
            that is there in a folder of the inputs; or two outputs are the same file.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "train.csv").touch()
        >>> refuse_overwrite([folder / "new.csv", None], [folder, folder / "train.csv"])
        >>> refuse_overwrite([folder / "train.csv"], [folder])
        Traceback (most recent call last):
        severstal.errors.SeverstalError: ...train.csv: belongs to what is read, ...: name another file
    """
    written: set[Path] = set()
    read = [Path(path) for path in inputs if path is not None]
    for output in (Path(path) for path in outputs if path is not None):
        if is_stream(output):
            continue
        if any(_same_file(output, path) or _is_within(output, path) for path in read):
            raise SeverstalError(
                f"{output}: belongs to what is read, which stays as it is: name another file"
            )
        place = output.parent.resolve() / output.name  # a symlink there is replaced, not followed
        if place in written:
            raise SeverstalError(f"{output}: is named for two outputs: name another file for one of them")
        written.add(place)


def require_usable(source: str | os.PathLike[str]) -> Path:
    r"""Return the path that a caller gave, where the system can look for it; it may be missing.

    Raises:
        SeverstalError: it is empty, which would stand for the current folder, is an address on a network, or
            the system refuses to look for it: a null character, too long, a loop of symlinks, a folder
            without permission.

    Example:
        >>> require_usable("a.png")
        PosixPath('a.png')
        >>> require_usable("a\0.png")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: 'a\x00.png': holds a null character: correct the path
    """
    text = os.fspath(source)
    if not text:
        raise SeverstalError("the path is empty: give a path, or . for the current folder")
    if "\0" in text:
        raise SeverstalError(f"{text!r}: holds a null character: correct the path")
    if _ADDRESS.match(text):
        raise SeverstalError(f"{text}: an address on a network: download the file and give its path")
    path = Path(text)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise SeverstalError(f"{path}: {error.strerror}: correct the path") from error
    return path


def refuse_links_outside(folder: str | Path) -> None:
    """Refuse a folder from elsewhere whose parts lead out of it, before anything is read or written there.

    Raises:
        SeverstalError: a symlink in the folder, however deep, resolves to a place outside of it.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "oof").symlink_to("/tmp")
        >>> refuse_links_outside(folder)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: ...oof: is a symlink that leads out of ...: put the files ...
    """
    whole = Path(folder).resolve()
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent) / name
            if path.is_symlink() and whole not in path.resolve().parents:
                raise SeverstalError(
                    f"{path}: is a symlink that leads out of {folder}: put the files that it leads to in its "
                    "place, or delete it"
                )


def _same_file(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:  # one of them is not there yet
        return first.resolve() == second.resolve()


def _is_within(output: Path, folder: Path) -> bool:
    return folder.is_dir() and output.exists() and folder.resolve() in output.resolve().parents
