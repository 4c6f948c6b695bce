"""Arrays and Pillow's pictures as pictures of a model, grey or with colours, by stated rules."""

from typing import Any

import numpy as np
from PIL import Image

from severstal.competition.headers import PILLOW_ERRORS
from severstal.data.arrays import with_channels
from severstal.data.pictures import to_pixels
from severstal.errors import SeverstalError

_COLOURS = {1: "grey", 3: "RGB", 4: "RGBA"}


def array_to_picture(array: np.ndarray, name: str = "the array", channels: int = 1) -> np.ndarray:
    """Turn an array of pixels into a picture, grey or with colours.

    uint8 is taken as it is. uint16 is divided by 256, as in files. Booleans are black and white. Floats are 0
    black to 1 white, times 255, rounded. Colours are red, green and blue, which become grey by their luma, as
    in files; transparency is dropped.

    Args:
        array: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); at least one pixel.
        name: what an error calls it.
        channels: 1 for grey, 3 for red, green and blue; grey gets three equal channels.

    Returns:
        (H, W) uint8, or (H, W, 3), contiguous.

    Raises:
        SeverstalError: another shape or type; a float is non-finite or outside of 0 to 1.

    Example:
        >>> array_to_picture(np.array([[0.0, 0.5, 1.0]])), array_to_picture(np.uint16([[65_535, 256]]))
        (array([[  0, 128, 255]], dtype=uint8), array([[255,   1]], dtype=uint8))
        >>> array_to_picture(np.array([[float("nan")]]))
        Traceback (most recent call last):
        severstal.errors.SeverstalError: the array: holds NaN or infinity: replace such values first
    """
    array = np.asarray(array)
    is_colour = array.ndim == 3 and array.shape[2] in _COLOURS
    if not (array.ndim == 2 or is_colour) or not array.size:
        more = "; give a batch as a list of pictures" if array.ndim >= 3 else ""
        raise SeverstalError(
            f"{name}: an array of shape {array.shape}: give (height, width) or (height, width, 3){more}"
        )
    pixels = _to_bytes(array, name)
    if is_colour and pixels.shape[2] > 1:
        return np.ascontiguousarray(to_pixels(Image.fromarray(pixels[..., :3]), name, channels))
    return np.ascontiguousarray(with_channels(pixels[..., 0] if is_colour else pixels, channels))


def pillow_to_picture(picture: Image.Image, name: str = "the picture", channels: int = 1) -> np.ndarray:
    """Turn a picture of Pillow into an array as `array_to_picture` does, upright by its EXIF orientation.

    Raises:
        SeverstalError: its file is damaged, or it holds values beyond 16 bits; a float picture is outside of
            0 to 1.

    Example:
        >>> pillow_to_picture(Image.new("RGB", (2, 1), (255, 255, 255)))
        array([[255, 255]], dtype=uint8)
    """
    from PIL import ImageOps

    try:
        upright = ImageOps.exif_transpose(picture)
        if upright.mode == "F":
            return array_to_picture(np.asarray(upright), name, channels)
        return np.ascontiguousarray(to_pixels(upright, name, channels))
    except PILLOW_ERRORS as error:
        raise SeverstalError(f"{name}: damaged or cut short ({error}): replace it") from error


def foreign_array(value: Any) -> np.ndarray | None:
    """An object of another library as an array, where it offers to be one (`__array__`); else None.

    A tensor on a GPU, or one that needs a gradient, refuses; the error says so.
    """
    if not hasattr(value, "__array__"):
        return None
    try:
        return np.asarray(value)
    except (TypeError, RuntimeError, ValueError) as error:
        raise SeverstalError(
            f"{type(value).__name__}: is no array here ({error}): give a NumPy array"
        ) from error


def _to_bytes(array: np.ndarray, name: str) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return (array // 256).astype(np.uint8)
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if array.dtype.kind != "f":
        raise SeverstalError(
            f"{name}: an array of {array.dtype}: give uint8, uint16, or floats from 0 (black) to 1 (white)"
        )
    if not np.isfinite(array).all():
        raise SeverstalError(f"{name}: holds NaN or infinity: replace such values first")
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > 1:
        raise SeverstalError(
            f"{name}: floats from {low:g} to {high:g}: scale them to 0 (black) to 1 (white), or give uint8"
        )
    return np.floor(array * np.float64(255) + 0.5).astype(np.uint8)
