"""The files of a folder of labels."""

from pathlib import Path

from severstal.errors import SeverstalError


def files_of(folder: str | Path, ending: str) -> list[Path]:
    """Return the files of a folder with a given ending, sorted; hidden ones and subfolders are left out.

    Raises:
        SeverstalError: `folder` is no folder, or holds no such file.

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
        raise SeverstalError(f"{folder}: {error.strerror}: give a readable folder") from error
    if not found:
        raise SeverstalError(f"{folder}: holds no {ending} file: name the folder that does")
    return found
