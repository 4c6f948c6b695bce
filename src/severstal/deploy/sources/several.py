"""Whatever a user names as sources: a picture, or many of them in a list, a folder, a glob or a video."""

import glob
import logging
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from severstal.competition.listing import describe_rest, list_folder
from severstal.deploy.sources.arrays import array_to_picture, foreign_array, pillow_to_picture
from severstal.deploy.sources.files import VIDEO_ENDINGS, is_sequence, open_bytes, open_file
from severstal.deploy.sources.source import PendingPicture
from severstal.errors import SeverstalError
from severstal.path_checks import require_usable

logger = logging.getLogger("severstal")

Unreadable = tuple[str, SeverstalError]
"""What a source that could not even be opened is called, and why."""


def is_many(source: Any) -> bool:
    """Whether a source stands for many pictures, of which an iterator is made.

    Raises:
        SeverstalError: it is nothing that pictures are read from.
    """
    if isinstance(source, str | PathLike):
        path = require_usable(source)
        if path.is_dir() or _is_pattern(path):
            return True
        return is_sequence(path)
    if isinstance(source, bytes | bytearray | memoryview | Image.Image) or hasattr(source, "read"):
        return False
    if (array := foreign_array(source)) is not None:
        return array.ndim == 1 and array.dtype.kind in "OUT"  # a column of paths, as of a table
    if isinstance(source, Iterable) and not isinstance(source, dict):
        return True
    raise _unknown(source)


def open_one(source: Any, name: str = "picture") -> PendingPicture:
    """The source that stands for one picture.

    Args:
        source: a path, bytes, an open file, an array or a picture of Pillow.
        name: name of a source without a path.

    Raises:
        SeverstalError: it is nothing that a picture is read from.
    """
    if isinstance(source, str | PathLike):
        return next(open_file(require_usable(source)))
    if isinstance(source, bytes | bytearray | memoryview):
        return open_bytes(bytes(source), name)
    if isinstance(source, Image.Image):
        return PendingPicture(name, lambda channels: pillow_to_picture(source, name, channels))
    if hasattr(source, "read"):
        data = source.read()
        if not isinstance(data, bytes):
            raise SeverstalError(f"{name}: a file that was opened as text: open it with mode 'rb'")
        return open_bytes(data, name)
    array = source if isinstance(source, np.ndarray) else foreign_array(source)
    if array is None:
        raise _unknown(source)
    return PendingPicture(name, lambda channels: array_to_picture(array, name, channels))


def open_many(source: Any, recursive: bool = False) -> Iterator[PendingPicture | Unreadable]:
    """Each picture of a source that stands for many, in order; nothing is decoded yet.

    Args:
        source: a folder, a glob pattern, a file with several pictures, a video, or an iterable of any
            sources.
        recursive: whether folders are searched with their subfolders.

    Returns:
        What could not be opened takes its place as name and error, so that the others follow.
    """
    if isinstance(source, str | PathLike):
        yield from _of_path(source, recursive)
        return
    for number, item in enumerate(source):
        if isinstance(item, str | PathLike):
            yield from _of_path(item, recursive)
            continue
        try:
            if is_many(item):
                yield from open_many(item, recursive)
            else:
                yield open_one(item, f"picture-{number:06d}")
        except SeverstalError as error:
            yield f"picture-{number:06d}", error


def picture_paths(folder: Path, recursive: bool) -> list[tuple[Path, str]]:
    """The pictures and videos of a folder, sorted, with the subfolder of each ('' for the folder itself).

    Masks beside pictures, hidden files, what is no picture, and subfolders that are links, which might lead
    back, are passed over, with one line in the log.
    """
    listing = list_folder(folder)
    videos = [name for name in listing.others if Path(name).suffix.lower() in VIDEO_ENDINGS]
    links = tuple(name for name in listing.folders if (folder / name).is_symlink())
    rest = listing._replace(
        others=tuple(name for name in listing.others if name not in videos),
        folders=links if recursive else listing.folders,
    )
    if line := describe_rest(rest):
        logger.info("%s: %s", folder, line)
    found = [(folder / name, "") for name in sorted((*listing.pictures, *videos))]
    if recursive:
        for name in listing.folders:
            if name in links:
                continue
            below = picture_paths(folder / name, recursive)
            found += [(path, f"{name}/{inner}" if inner else name) for path, inner in below]
    return found


def _of_path(source: str | PathLike[str], recursive: bool) -> Iterator[PendingPicture | Unreadable]:
    try:
        path = require_usable(source)
        if path.is_dir():
            paths = picture_paths(path, recursive)
            if not paths:
                raise SeverstalError(
                    f"{path}: holds no picture: name another folder"
                    + ("" if recursive else ", or search its subfolders (recursive)")
                )
        elif _is_pattern(path):
            matches = sorted(glob.glob(str(path), recursive=True))
            paths = [(Path(match), "") for match in matches if Path(match).is_file()]
            if not paths:
                raise SeverstalError(f"{path}: matches no file: correct the pattern")
        else:
            paths = [(path, "")]
    except SeverstalError as error:
        yield str(source), error
        return
    for each, folder in paths:
        try:
            yield from open_file(each, folder)
        except SeverstalError as error:
            yield str(each), error


def _is_pattern(path: Path) -> bool:
    return glob.has_magic(str(path)) and not path.exists()


def _unknown(source: Any) -> SeverstalError:
    what = "None, as OpenCV gives for a file that it cannot read" if source is None else type(source).__name__
    return SeverstalError(
        f"the source is {what}: give a path, bytes, an array, a picture of Pillow, or a list of such"
    )
