"""Small integers kept as PNG: masks, and pictures whose palette index is the class."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image

from severstal.competition.headers import PILLOW_ERRORS, open_of_any_size
from severstal.data.available import check_memory
from severstal.errors import SeverstalError

_GREY_MODES = ("1", "L", "P")


def read_indices(data: bytes, most: tuple[int, int], where: str) -> np.ndarray:
    """Read a PNG of black and white, grey or palette indices, as numbers; colours are ignored.

    Args:
        data: the file's bytes.
        most: height and width that it may have; a larger one is not decoded.
        where: name of the file, for error messages.

    Returns:
        (h, w) uint8, read-only; of a PNG in black and white 0 and 1.

    Raises:
        SeverstalError: the file is no PNG, is damaged, too large, or keeps colours in place of indices.

    Example:
        >>> read_indices(b"GIF89a", (2, 2), "a.png")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a.png: damaged, or not a PNG: export it again
    """
    try:
        with open_of_any_size(data, ["PNG"]) as picture:
            if picture.height > most[0] or picture.width > most[1]:
                raise SeverstalError(
                    f"{where}: the mask is {picture.height} x {picture.width}, larger than its picture "
                    f"of {most[0]} x {most[1]}: export it again, or correct image_shape in dataset.toml"
                )
            if picture.mode not in _GREY_MODES:
                raise SeverstalError(
                    f"{where}: the mask keeps colours ({picture.mode}), not class numbers: "
                    "save it as a PNG with a palette, or as 8-bit grey with the class number as its value"
                )
            check_memory(where, picture.height, picture.width, 3, len(data))
            return _decode(data)
    except PILLOW_ERRORS as error:
        raise SeverstalError(f"{where}: damaged, or not a PNG: export it again") from error


def read_colours(
    data: bytes, most: tuple[int, int], where: str
) -> tuple[np.ndarray, np.ndarray | None, bool]:
    """Read a PNG of indices or colours.

    Args:
        data: the file's bytes.
        most: height and width that it may have.
        where: name of the file, for error messages.

    Returns:
        (h, w) indices; the (n, 3) uint8 colour of each, None for a grey picture; and whether the picture
        keeps only colours, so that the indices are arbitrary.

    Raises:
        SeverstalError: see `read_indices`; or the picture has more than 256 colours.
    """
    try:
        with open_of_any_size(data, ["PNG"]) as picture:
            if picture.mode in ("RGB", "RGBA") and picture.height <= most[0] and picture.width <= most[1]:
                check_memory(where, picture.height, picture.width, 40, len(data))
                pixels = np.asarray(picture.convert("RGB"))  # (h, w, 3)
                colours, indices = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
                if len(colours) > 256:
                    raise SeverstalError(
                        f"{where}: has {len(colours):,} colours, a mask has one per class: name the "
                        "folder of masks"
                    )
                return indices.reshape(pixels.shape[:2]), colours, True
            table = picture.getpalette() if picture.mode == "P" else None
    except PILLOW_ERRORS as error:
        raise SeverstalError(f"{where}: damaged, or not a PNG: export it again") from error
    indices = read_indices(data, most, where)
    if table is None:
        return indices, None, False
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(table) // 3] = np.array(table, np.uint8).reshape(-1, 3)
    return indices, colours, False


@lru_cache(maxsize=4)  # the files of clean pictures are the same thousands of times over
def _decode(data: bytes) -> np.ndarray:
    with open_of_any_size(data, ["PNG"]) as picture:
        indices = np.asarray(picture).astype(np.uint8)
    indices.setflags(write=False)
    return indices


def write_indices(indices: np.ndarray, palette: bytes | None = None) -> bytes:
    """Write small integers as a PNG, with a palette or as grey.

    Args:
        indices: (H, W) uint8.
        palette: red, green and blue of index 0, then of 1, and so on.

    Example:
        >>> read_indices(write_indices(np.eye(2, dtype=np.uint8)), (2, 2), "a.png")
        array([[1, 0],
               [0, 1]], dtype=uint8)
    """
    picture = Image.fromarray(np.ascontiguousarray(indices, np.uint8))
    if palette is not None:
        picture.putpalette(palette)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
