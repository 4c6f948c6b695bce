"""Folders of many files that are whole or not there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from severstal.errors import SeverstalError
from severstal.files import explain_os_error


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`, and rename it to `path` once the block ends without an error.

    A process killed inside the block leaves `path.part`, which the next try empties.

    Raises:
        SeverstalError: `path` holds something already, may not be written or the disk is full.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "labels"
        >>> with new_folder(target) as part:
        ...     _ = (part / "a.json").write_text("{}")
        >>> [file.name for file in target.iterdir()]
        ['a.json']
    """
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise SeverstalError(f"{path}: holds something already: name a new folder, or delete it first")
        if part.exists():
            shutil.rmtree(part)
        part.mkdir(parents=True)
        yield part
        part.replace(path)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise explain_os_error(error, path) from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def files_of(folder: str | Path, ending: str) -> list[Path]:
    """The files of a folder whose names end so, sorted; hidden ones and folders in it are left out.

    Raises:
        SeverstalError: it is no folder, or holds no such file.

    Example:
        >>> files_of("no/such/folder", ".json")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: no/such/folder: no such folder: name the folder of .json files
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SeverstalError(f"{folder}: no such folder: name the folder of {ending} files")
    try:
        found = sorted(
            file
            for file in folder.iterdir()
            if file.name.lower().endswith(ending) and file.is_file() and not file.name.startswith(".")
        )
    except OSError as error:
        raise SeverstalError(f"{folder}: {error.strerror}: give a folder that may be read") from error
    if not found:
        raise SeverstalError(f"{folder}: holds no {ending} file: name the folder that does")
    return found
