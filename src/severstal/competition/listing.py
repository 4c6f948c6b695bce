"""The contents of a folder of pictures: the pictures, and other files beside them."""

import logging
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path, PurePath
from typing import NamedTuple

import cv2
import numpy as np

from severstal.errors import SeverstalError

logger = logging.getLogger("severstal")

_ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".gif"),
    *(".pgm", ".ppm", ".pnm", ".pbm", ".jp2", ".j2k", ".tga"),
)
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"II*\0", b"MM\0*", b"GIF8")
_MASK_NAME = re.compile(
    r"(?P<stem>.+?)[ _.-]*(?P<word>ground[ _-]?truth|annotations?|segmentation|labels?|masks?|seg|anno|gt)",
    re.IGNORECASE,
)
_TRIED = 24  # masks of a kind that are checked before all of the kind are taken as such
_FEW_LEVELS, _THEIR_SHARE, _FLAT = 17, 0.95, 0.8


class FolderListing(NamedTuple):
    """The names in a folder, each sorted; hidden ones are left out.

    Attributes:
        pictures: files that end as pictures do or begin as such, mask-like ones left out.
        masks: pictures that are the masks of others: called as another picture with another ending, or with
            `_mask` or the like behind its name, and drawn in a few flat values.
        others: files that are no pictures, as `Thumbs.db` or labels, links to files that are missing, and
            what is no regular file.
        folders: folders that hold anything.
    """

    pictures: tuple[str, ...]
    masks: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def list_folder(folder: str | Path) -> FolderListing:
    """List a folder of pictures, and the other files in it.

    Raises:
        SeverstalError: the folder is missing.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in ("b.jpg", "a.png", "Thumbs.db", ".hidden.jpg"):
        ...     (folder / name).touch()
        >>> list_folder(folder)
        FolderListing(pictures=('a.png', 'b.jpg'), masks=(), others=('Thumbs.db',), folders=())
    """
    folder = Path(folder)
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if entry.name[0] != "."), key=lambda entry: entry.name)
        files = {entry.name: entry.is_file() for entry in found if not entry.is_dir()}
        folders = tuple(entry.name for entry in found if entry.is_dir() and any(os.scandir(entry)))
    except (FileNotFoundError, NotADirectoryError):
        raise SeverstalError(f"{folder}: no such folder: give Kaggle's layout with --input") from None
    except OSError as error:
        raise SeverstalError(f"{folder}: {error.strerror}: give a readable folder") from error
    pictures = [name for name, regular in files.items() if regular and _is_picture(folder, name)]
    others = tuple(sorted(set(files).difference(pictures)))
    masks = _find_masks(folder, pictures)
    kept = tuple(name for name in pictures if name not in masks)
    return FolderListing(kept, tuple(sorted(masks)), others, folders)


def list_images(folder: str | Path) -> list[str]:
    """Names of the pictures in a folder, sorted.

    Masks of other pictures, files that are no pictures, and folders are passed over, with one line in the
    log for each folder that has any.

    Raises:
        SeverstalError: the folder is missing or holds no picture.
    """
    listing = list_folder(folder)
    if not listing.pictures:
        raise SeverstalError(f"{folder}: holds no picture: unpack the data set here")
    if line := describe_rest(listing):
        _tell_once(f"{folder}: {line}")
    return list(listing.pictures)


def describe_rest(listing: FolderListing) -> str:
    """Describe in one line the files that are ignored; empty if there are none.

    Example:
        >>> describe_rest(FolderListing(("a.jpg",), masks=("a.png",), others=("a.json", "Thumbs.db")))
        'passed over: 1 mask of another picture (a.png), 2 files that are no pictures (a.json, ...)'
    """
    kinds = (
        (listing.masks, "mask of another picture", "masks of other pictures"),
        (listing.others, "file that is no picture", "files that are no pictures"),
        (listing.folders, "folder, whose pictures are not read", "folders, whose pictures are not read"),
    )
    parts = [
        f"{len(names):,} {one if len(names) == 1 else many} ({names[0]}{', ...' if len(names) > 1 else ''})"
        for names, one, many in kinds
        if names
    ]
    return f"passed over: {', '.join(parts)}" if parts else ""


@lru_cache(maxsize=256)
def _tell_once(line: str) -> None:
    logger.info(line)


def _is_picture(folder: Path, name: str) -> bool:
    if os.path.splitext(name)[1].lower() in _ENDINGS:
        return True
    try:
        with (folder / name).open("rb") as file:
            return file.read(8).startswith(_MAGIC)
    except OSError:
        return False


def _find_masks(folder: Path, names: Sequence[str]) -> set[str]:
    """Find the pictures that are masks of others, by their names and by their few flat values."""
    stems: dict[str, list[str]] = {}
    for name in names:
        stems.setdefault(PurePath(name).stem, []).append(name)
    kinds: dict[str, list[tuple[str, str]]] = {}  # by what makes the name a mask's: the mask and its picture
    for stem, same in stems.items():
        for name in same if len(same) > 1 else ():
            for other in same:
                if other != name:
                    kind = f"{PurePath(name).suffix} beside {PurePath(other).suffix}"
                    kinds.setdefault(kind, []).append((name, other))
        match = _MASK_NAME.fullmatch(stem)
        if match and match["stem"] in stems:
            for name in same:
                kinds.setdefault(match["word"].lower(), []).append((name, stems[match["stem"]][0]))
    found: set[str] = set()
    for pairs in kinds.values():
        tried = pairs[:: max(1, len(pairs) // _TRIED)]
        masks = sum(_is_mask(folder / one) and not _is_mask(folder / other) for one, other in tried)
        if masks > len(tried) / 2:
            found.update(name for name, _ in pairs)
    return found


def _is_mask(path: Path) -> bool:
    """Return whether a picture is drawn in a few flat values, of any kind, smoothed edges aside."""
    try:
        data = np.fromfile(path, np.uint8)
    except OSError:
        return False
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if picture is None or picture.dtype != np.uint8 or picture.shape[1] < 2:
        return False
    grey = picture if picture.ndim == 2 else picture[..., :3].max(axis=2)
    levels = np.sort(np.bincount(grey.ravel(), minlength=256))
    few = levels[-_FEW_LEVELS:].sum() >= _THEIR_SHARE * grey.size
    return bool(few and np.mean(grey[:, 1:] == grey[:, :-1]) >= _FLAT)
