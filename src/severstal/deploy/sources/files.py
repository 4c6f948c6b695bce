"""Files as sources: a picture, each page of a file with several, or each frame of a video."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from severstal.competition.headers import PILLOW_ERRORS, open_of_any_size, picture_faults
from severstal.data.arrays import with_channels
from severstal.data.available import check_memory
from severstal.data.pictures import decode_bytes, to_pixels
from severstal.deploy.sources.source import PendingPicture, frame_name
from severstal.errors import SeverstalError

VIDEO_ENDINGS = (".avi", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")

_ONE_PICTURE = ("MPO", "JPEG", "ICO", "ICNS", "PSD")  # whose further pictures are previews, sizes or layers


def open_file(path: str | Path, folder: str = "") -> Iterator[PendingPicture]:
    """The pictures of one file; nothing but the headers is read yet.

    Args:
        path: path of the file.
        folder: see `PendingPicture`.

    Raises:
        SeverstalError: while it is iterated: the file is missing, or is a video that cannot be opened or ends
            early. A picture that cannot be read says so when it is read.
    """
    path = Path(path)
    if path.suffix.lower() in VIDEO_ENDINGS:
        yield from _frames(path, folder)
        return
    pages = _pages(path)
    if pages == 1:

        def read(channels: int) -> np.ndarray:
            return decode_bytes(read_file_bytes(path), str(path), channels=channels)[0]

        yield PendingPicture(path.stem, read, path, folder=folder)
        return
    for page in range(pages):
        yield PendingPicture(
            frame_name(path.stem, page),
            lambda channels, page=page: _read_page(path, page, channels),
            path,
            page,
            folder,
        )


def open_bytes(data: bytes, name: str = "bytes") -> PendingPicture:
    """The first picture of a file that is in memory."""
    return PendingPicture(name, lambda channels: decode_bytes(data, name, channels=channels)[0])


def is_sequence(path: str | Path) -> bool:
    """Whether a file holds several pictures: a video, or pages or frames that belong together."""
    path = Path(path)
    return path.suffix.lower() in VIDEO_ENDINGS or _pages(path) > 1


def read_file_bytes(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        SeverstalError: it is missing, a folder or may not be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such picture: correct the path") from None
    except OSError as error:
        raise SeverstalError(f"{path}: cannot be read ({error.strerror}): check the file") from error


def _pages(path: Path) -> int:
    """How many pictures a file holds; 1 where it cannot be opened, which is said when it is read.

    Raises:
        SeverstalError: it can be opened, and is cut short behind its first page.
    """
    with suppress(OSError), path.open("rb") as file:
        if file.read(2) == b"\xff\xd8":  # a JPEG, which most are: nothing else need be read
            return 1
    try:
        picture = open_of_any_size(read_file_bytes(path))
    except (*PILLOW_ERRORS, SeverstalError):
        return 1
    with picture:
        if picture.format in _ONE_PICTURE:
            return 1
        with picture_faults(path):
            return max(1, getattr(picture, "n_frames", 1))


def _read_page(path: Path, page: int, channels: int) -> np.ndarray:
    data, name = read_file_bytes(path), f"{path} page {page}"
    with picture_faults(name), open_of_any_size(data) as picture:
        picture.seek(page)
        check_memory(name, picture.height, picture.width, 7, len(data))
        return np.ascontiguousarray(to_pixels(picture, name, channels))


def _frames(path: Path, folder: str) -> Iterator[PendingPicture]:
    if not path.is_file():
        raise SeverstalError(f"{path}: no such video: correct the path")
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise SeverstalError(f"{path}: not a video that OpenCV reads: convert it to MP4 or AVI")
        expected, frame = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0
        while True:
            found, colours = capture.read()
            if not found:
                break
            yield PendingPicture(
                frame_name(path.stem, frame),
                lambda channels, colours=colours: _from_bgr(colours, channels),
                path,
                frame,
                folder,
            )
            frame += 1
        if frame == 0:
            raise SeverstalError(f"{path}: a video without a frame that can be read: replace the file")
        if frame < expected:
            raise SeverstalError(f"{path}: ends after {frame} of {expected} frames: replace the file")
    finally:
        capture.release()


def _from_bgr(colours: np.ndarray, channels: int) -> np.ndarray:
    if colours.ndim == 2:
        return with_channels(colours, channels)
    return np.ascontiguousarray(to_pixels(Image.fromarray(colours[..., ::-1]), "the frame", channels))
