"""`release.json`: the files of a release with their sizes and checksums, and the check of a folder by it.

A release may come from strangers: the folder has to hold the files that are listed and nothing else, each a
regular file of the listed size and SHA-256, before any of them is read.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from severstal.deploy.opening import RELEASE_FILE
from severstal.errors import SeverstalError, shown
from severstal.files import checksum, digest, read_json, write_json

FORMAT = 1
"""Version of the layout of a release: raised when an earlier version could not read a new one."""

_PLAIN_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")  # a name without a folder
_AGAIN = "get the release again, or make it with `severstal pack`"
_MOST_FILES = 1000


@dataclass(frozen=True)
class ReleaseFiles:
    """The checked files of a release.

    Attributes:
        folder: folder of the release.
        names: names of all files but `release.json`.
    """

    folder: Path
    names: frozenset[str]

    def path(self, name: str) -> Path:
        """The path of a file that has to be there.

        Raises:
            SeverstalError: it is not one of the release's.
        """
        if name not in self.names:
            raise SeverstalError(f"{self.folder}: the release has no {shown(name)}: {_AGAIN}")
        return self.folder / name


def write_release_files(folder: Path) -> None:
    """Write `release.json` over all other files of a folder.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "model.json").write_text("{}")
        >>> write_release_files(folder)
        >>> check_release_files(folder).names
        frozenset({'model.json'})
    """
    found = {path.name: _facts(path) for path in sorted(folder.iterdir()) if path.name != RELEASE_FILE}
    made_by = f"severstal {version('severstal')}"
    write_json(folder / RELEASE_FILE, _sealed({"format": FORMAT, "made_by": made_by, "files": found}))


def check_release_files(folder: str | Path) -> ReleaseFiles:
    """Check every file of a release, before any other of them is opened.

    Raises:
        SeverstalError: a file is damaged, missing, not listed or not a regular file; the list is damaged,
            names a file outside of the folder, or is of a format that this version does not read. The line
            names the file.
    """
    folder = Path(folder)
    path = folder / RELEASE_FILE
    if path.is_symlink() or not path.is_file():
        raise SeverstalError(f"{path}: not a file: {_AGAIN}")
    listed = _read_list(path)
    for name in sorted(os.listdir(folder)):
        if name != RELEASE_FILE and name not in listed:
            raise SeverstalError(f"{folder / name}: not a file of the release: take it out of the folder")
    for name, facts in listed.items():
        file = folder / name
        if file.is_symlink() or not file.is_file():
            state = "not a regular file" if os.path.lexists(file) else "missing"
            raise SeverstalError(f"{file}: {state}: {_AGAIN}")
        size = file.stat().st_size
        if size != facts["bytes"]:
            raise SeverstalError(f"{file}: damaged, {size:,} of {facts['bytes']:,} bytes: {_AGAIN}")
        if checksum(file) != facts["sha256"]:
            raise SeverstalError(f"{file}: damaged, its SHA-256 is not the one in {RELEASE_FILE}: {_AGAIN}")
    return ReleaseFiles(folder, frozenset(listed))


def _read_list(path: Path) -> Mapping[str, Any]:
    """The table of files, of which every name and value was checked."""
    about = read_json(path)
    if not isinstance(about, dict) or type(about.get("format")) is not int:
        raise SeverstalError(f"{path}: not the list of a release: {_AGAIN}")
    if about["format"] != FORMAT:
        raise SeverstalError(
            f"{path}: format {about['format']}, and this version reads {FORMAT}: install the version of "
            f"severstal that made it ({shown(about.get('made_by'))})"
        )
    listed = about.get("files")
    if not isinstance(listed, dict) or not 1 <= len(listed) <= _MOST_FILES:
        raise SeverstalError(f"{path}: lists no files, or more than {_MOST_FILES:,}: {_AGAIN}")
    for name, facts in listed.items():
        if not _PLAIN_FILE.fullmatch(name) or name == RELEASE_FILE:
            raise SeverstalError(f"{path}: {shown(name)} is not the name of a file in the folder: {_AGAIN}")
        if not isinstance(facts, dict) or type(facts.get("bytes")) is not int or "sha256" not in facts:
            raise SeverstalError(f"{path}: {name} has no size or checksum: {_AGAIN}")
    if about != _sealed({key: about[key] for key in ("format", "made_by", "files") if key in about}):
        raise SeverstalError(f"{path}: damaged, it was changed since it was made: {_AGAIN}")
    return listed


def _facts(path: Path) -> dict[str, Any]:
    if not path.is_file() or not _PLAIN_FILE.fullmatch(path.name):
        raise ValueError(f"{path} cannot be a file of a release")
    return {"bytes": path.stat().st_size, "sha256": checksum(path)}


def _sealed(about: dict[str, Any]) -> dict[str, Any]:
    """The list with its own checksum, which tells a damaged list from a damaged file."""
    return {**about, "digest": digest(about)}
