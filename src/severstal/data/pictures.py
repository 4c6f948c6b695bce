"""A picture file as an array: read by content, not by name, and checked."""

from pathlib import Path

import numpy as np
from PIL import Image

from severstal.competition.headers import (
    QUARTER_TURNS,
    open_of_any_size,
    picture_faults,
    read_orientation,
)
from severstal.competition.spec import Spec, size_repair
from severstal.data.arrays import with_channels
from severstal.data.available import check_memory
from severstal.errors import SeverstalError

_TURNS = {  # what displays a picture upright that a camera noted under this number
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels),
}
_BYTES_PER_PIXEL = {"1": 2, "L": 2}  # of Pillow's picture and of the array; other modes are converted


def read_picture(path: str | Path, spec: Spec) -> np.ndarray:
    """Read a picture as grey or with its colours, by its content and not by its name's ending.

    The orientation that a camera noted (EXIF) is applied, as viewers and labelling tools do. Colours become
    grey by their luma, 0.299 R + 0.587 G + 0.114 B (ITU-R 601-2); a JPEG's own brightness channel is taken as
    it is. A palette and CMYK are read as the colours that they stand for; transparency is dropped. Grey of 16
    bits is divided by 256. In a data set that keeps colours (`channels = 3`) a grey picture has three equal
    channels. How large a picture may be is the data set's to say, not Pillow's: the shape in
    the header is compared before anything is decoded.

    Args:
        path: a JPEG, PNG, TIFF or any other file that Pillow decodes.
        spec: says which shape it has to have, as displayed; any where each picture keeps its own.

    Returns:
        (H, W) uint8, 0 black to 255 white; (H, W, 3), red, green and blue, where the data set keeps colours.

    Raises:
        SeverstalError: the file is absent, is no picture, is cut short, holds values beyond 16 bits or
            floating-point ones, or has another shape.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> read_picture("a.jpg", SEVERSTAL)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a.jpg: no such picture: put it back or ...
    """
    return decode_picture(path, spec)[0]


def decode_picture(path: str | Path, spec: Spec) -> tuple[np.ndarray, bool]:
    """Read a picture as `read_picture` does, and return whether its EXIF orientation changed it."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SeverstalError(
            f"{path}: no such picture: put it back or take its rows out of the tables"
        ) from None
    except OSError as error:
        raise SeverstalError(f"{path}: cannot be read ({error.strerror}): check the file") from error
    return decode_bytes(data, str(path), spec.image_shape, spec.channels)


def decode_bytes(
    data: bytes, name: str, image_shape: tuple[int, int] | None = None, channels: int = 1
) -> tuple[np.ndarray, bool]:
    """Read the bytes of a picture file as `read_picture` does, of one size or of any.

    Args:
        data: the whole file.
        name: name of the file, for error messages.
        image_shape: height and width that the picture has to have, as displayed; None takes any.
        channels: 1 for grey, 3 for red, green and blue.

    Returns:
        (H, W) uint8, or (H, W, 3), and whether the EXIF orientation turned or mirrored it.

    Raises:
        SeverstalError: as `read_picture` does; or, where any size is taken, the picture is larger than the
            memory or a decompression bomb (see `check_memory`).
    """
    height, width = image_shape or (0, 0)
    try:
        with picture_faults(name), open_of_any_size(data) as picture:
            if 0 in picture.size:
                raise SeverstalError(f"{name}: has no pixels: replace the file")
            sizes = {picture.size, picture.size[::-1]}
            if image_shape is not None:
                _check_shape(name, sizes, picture.size, image_shape)
            width, height = picture.size
            check_memory(name, height, width, _BYTES_PER_PIXEL.get(picture.mode, 7), len(data))
            turn = read_orientation(picture)
            size = picture.size[::-1] if turn in QUARTER_TURNS else picture.size
            if image_shape is not None:
                _check_shape(name, {size}, size, image_shape)
            if channels == 1:
                picture.draft("L", picture.size)  # a JPEG's own brightness channel, without decoding colour
            pixels = to_pixels(picture, name, channels)
            if turn in _TURNS:
                pixels = np.ascontiguousarray(_TURNS[turn](pixels))
            return pixels, turn in _TURNS
    except MemoryError:
        raise SeverstalError(
            f"{name}: {height} x {width} pixels are more than the memory holds: cut the picture into parts"
        ) from None


def _check_shape(
    name: str, sizes: set[tuple[int, int]], shown: tuple[int, int], image_shape: tuple[int, int]
) -> None:
    """Check that one of some sizes, (width, height), is the data set's."""
    height, width = image_shape
    if (width, height) not in sizes:
        raise SeverstalError(
            f"{name}: the picture is {shown[1]} x {shown[0]}; this data set is {height} x {width}: "
            f"resize it, or {size_repair(image_shape)}"
        )


def to_pixels(picture: Image.Image, name: str, channels: int = 1) -> np.ndarray:
    """Decode an open picture by the rules of `read_picture`, its orientation aside.

    Args:
        picture: an open picture.
        name: name of the file, for error messages.
        channels: 1 for grey, 3 for red, green and blue.

    Returns:
        (H, W) uint8; (H, W, 3) of three channels.

    Raises:
        SeverstalError: it holds values beyond 16 bits or floating-point ones.

    Example:
        >>> red = Image.new("RGBA", (2, 1), (255, 0, 0, 9))
        >>> to_pixels(red, "a.png").tolist(), to_pixels(red, "a.png", channels=3).tolist()
        ([[76, 76]], [[[255, 0, 0], [255, 0, 0]]])
    """
    if picture.mode.startswith(("I", "F")):
        deep = np.asarray(picture)
        if picture.mode == "F" or deep.min(initial=0) < 0 or deep.max(initial=0) > 65_535:
            raise SeverstalError(f"{name}: has more than 16 bits per pixel: save it as 8-bit or 16-bit grey")
        return with_channels((deep // 256).astype(np.uint8), channels)
    if picture.mode not in ("L", "RGB", "1"):
        picture = picture.convert("RGB")  # of a palette, CMYK or transparency, the colours
    return np.asarray(picture.convert("L" if channels == 1 else "RGB"))
