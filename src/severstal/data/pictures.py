"""A picture file as an array: read by content, not by name, and checked."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError

_PILLOW_ERRORS = (
    *(OSError, SyntaxError, ValueError),  # what Pillow raises on a damaged file
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)


def read_picture(path: str | Path, spec: Spec) -> np.ndarray:
    """Read a picture as grey, whatever its name ends in.

    Args:
        path: a JPEG, PNG or any other file that Pillow decodes, 8 bits a channel.
        spec: says which shape it has to have.

    Returns:
        (H, W) uint8, 0 black to 255 white.

    Raises:
        SeverstalError: the file is absent, is no picture, is cut short, has more than 8 bits a channel or
            another shape.

    Example:
        >>> from severstal.competition.spec import SEVERSTAL
        >>> read_picture("a.jpg", SEVERSTAL)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: a.jpg: no such picture: put it back or ...
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SeverstalError(
            f"{path}: no such picture: put it back or take its rows out of the tables"
        ) from None
    except OSError as error:
        raise SeverstalError(f"{path}: cannot be read ({error.strerror}): check the file") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as picture:
                size, mode = picture.size, picture.mode
                if size != spec.image_shape[::-1]:
                    height, width = spec.image_shape
                    raise SeverstalError(
                        f"{path}: the picture is {size[1]} x {size[0]}; this data set is {height} x {width}: "
                        "resize it or set image_shape in dataset.toml"
                    )
                if mode.startswith(("I", "F")):
                    raise SeverstalError(f"{path}: has more than 8 bits a channel: save it as 8-bit grey")
                picture.draft("L", size)  # a JPEG's own brightness channel, without decoding colour
                return np.asarray(picture.convert("L"))
    except UnidentifiedImageError:
        raise SeverstalError(f"{path}: not a picture: replace the file") from None
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
    ) as error:
        raise SeverstalError(f"{path}: damaged or cut short ({error}): replace the file") from error
