"""The header of a picture file: the size that it is displayed with, read without decoding its pixels."""

import io
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from severstal.errors import SeverstalError

PILLOW_ERRORS = (  # what Pillow's plugins raise on damaged files, each found by damaging some
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError),
    *(TypeError, ValueError, struct.error, Image.DecompressionBombError),
)
QUARTER_TURNS = (5, 6, 7, 8)
"""EXIF orientations that exchange height and width."""

_EXIF_ORIENTATION = 0x0112
_PNG_SIGNATURE = 8  # bytes
_LIMIT_LOCK = threading.Lock()  # Pillow's limit on pixels is one for all threads


def open_of_any_size(data: bytes | BinaryIO, formats: Sequence[str] | None = None) -> Image.Image:
    """Read the header of a picture without Pillow's limit on its pixels, for `check_memory` to judge.

    Args:
        data: bytes of the file, or the file opened for reading in binary.
        formats: names of the formats, in Pillow's words, that it may have; None for any.

    Raises:
        OSError: as `PIL.Image.open`.
    """
    with _LIMIT_LOCK:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(io.BytesIO(data) if isinstance(data, bytes) else data, formats=formats)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


@contextmanager
def picture_faults(name: str | Path) -> Iterator[None]:
    """Turn what Pillow raises in the block on a file that is no picture, or a damaged one, into one line.

    A `FileNotFoundError` passes: the caller knows what a missing file means.

    Args:
        name: name of the file, for error messages.

    Example:
        >>> with picture_faults("a.jpg"), open_of_any_size(b"text"):
        ...     pass
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a.jpg: not a picture: replace the file
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except UnidentifiedImageError:
        raise SeverstalError(f"{name}: not a picture: replace the file") from None
    except PILLOW_ERRORS as error:
        raise SeverstalError(f"{name}: damaged or cut short ({error}): replace the file") from error


def read_orientation(picture: Image.Image) -> int:
    """The EXIF orientation of an open picture, 1 to 8; 1 also of a TIFF, which Pillow itself turns.

    A PNG may hold it behind its pixels, so that Pillow decodes them to look for it.
    """
    return 1 if picture.format == "TIFF" else picture.getexif().get(_EXIF_ORIENTATION, 1)


def read_shape(path: str | Path) -> tuple[int, int]:
    """Read the height and the width that a picture is displayed with.

    Returns:
        Height and width in pixels, both at least 1.

    Raises:
        SeverstalError: the file is absent or is no picture.

    Example:
        >>> read_shape("a.jpg")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a.jpg: no such picture: put it back or ...
    """
    try:
        with picture_faults(path), Path(path).open("rb") as file, open_of_any_size(file) as picture:
            width, height = picture.size
            plain = picture.format == "PNG" and not _may_hold_exif(file)
            turn = 1 if plain else read_orientation(picture)
    except FileNotFoundError:
        raise SeverstalError(
            f"{path}: no such picture: put it back or take its rows out of the tables"
        ) from None
    if not width or not height:
        raise SeverstalError(f"{path}: has no pixels: replace the file")
    return (width, height) if turn in QUARTER_TURNS else (height, width)


def _may_hold_exif(file: BinaryIO) -> bool:
    """Return whether a PNG has a chunk that may hold EXIF data: hopping from chunk to chunk, without
    decoding."""
    place = file.tell()
    file.seek(_PNG_SIGNATURE)
    found = False
    while not found and len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        found = kind in (b"eXIf", b"tEXt", b"zTXt", b"iTXt")
        file.seek(length + 4, io.SEEK_CUR)
    file.seek(place)
    return found
