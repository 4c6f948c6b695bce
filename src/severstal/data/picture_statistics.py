"""The ranges of size, brightness, contrast and black share of a run's training pictures."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from severstal.data.arrays import to_luma
from severstal.data.features import black_bands
from severstal.errors import SeverstalError
from severstal.settings import build


@dataclass(frozen=True)
class ValueRange:
    """The least and the greatest value of a measure, both inclusive.

    Attributes:
        low: the least.
        high: the greatest.

    Example:
        >>> 0.3 in ValueRange(0.1, 0.5), 0.6 in ValueRange(0.1, 0.5)
        (True, False)
    """

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class PictureStatistics:
    """Statistics of a run's training pictures.

    Attributes:
        pictures: number of measured pictures.
        height: height in pixels.
        width: width in pixels.
        brightness: mean of the pixels that are not black, 0 to 1.
        contrast: standard deviation of the pixels that are not black, 0 to 1.
        black: share of the pixels in black bands at the sides, 0 to 1.

    Example:
        >>> some = ValueRange(0.2, 0.6)
        >>> found = PictureStatistics(2, ValueRange(256, 256), ValueRange(1600, 1600), some, some, some)
        >>> PictureStatistics.from_json(found.to_json(), "run") == found
        True
    """

    pictures: int
    height: ValueRange
    width: ValueRange
    brightness: ValueRange
    contrast: ValueRange
    black: ValueRange

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any, source: str) -> "PictureStatistics":
        """Make statistics from the output of `to_json`.

        Args:
            value: value of any origin.
            source: name of the file, for error messages.

        Raises:
            SeverstalError: the value is of another form.
        """
        if not isinstance(value, Mapping):
            raise SeverstalError(f"{source}: not statistics of pictures: make the file again")
        try:
            return build(cls, value, source)
        except TypeError as error:  # a key is missing
            raise SeverstalError(f"{source}: {error}: make the file again") from error


def measure_picture(picture: np.ndarray) -> dict[str, float]:
    """Measure height, width, brightness, contrast and black share, as `PictureStatistics` has them.

    Args:
        picture: (H, W) uint8; (H, W, 3) of colours, by its luma.

    Example:
        >>> grey = np.full((8, 40), 51, np.uint8)
        >>> grey[:, :10] = 2
        >>> measure_picture(grey)
        {'height': 8.0, 'width': 40.0, 'brightness': 0.2, 'contrast': 0.0, 'black': 0.25}
    """
    picture = to_luma(picture)
    height, width = picture.shape
    left, right, top, bottom = black_bands(picture)
    steel = picture[top : height - bottom, left : width - right]
    found = {"height": float(height), "width": float(width), "brightness": 0.0, "contrast": 0.0}
    if steel.size:
        mean, deviation = cv2.meanStdDev(steel)
        found |= {"brightness": mean.item() / 255, "contrast": deviation.item() / 255}
    return found | {"black": 1 - steel.size / picture.size}


def collect_statistics(pictures: Iterable[np.ndarray]) -> PictureStatistics:
    """Measure many pictures, each (H, W) uint8, at least one.

    Example:
        >>> found = collect_statistics([np.full((2, 3), 51, np.uint8), np.full((2, 3), 102, np.uint8)])
        >>> found.pictures, found.brightness
        (2, ValueRange(low=0.2, high=0.4))
    """
    rows = [measure_picture(picture) for picture in pictures]
    ranges = {
        name: ValueRange(min(row[name] for row in rows), max(row[name] for row in rows)) for name in rows[0]
    }
    return PictureStatistics(len(rows), **ranges)
