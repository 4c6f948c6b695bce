"""The ranges of size, brightness, contrast and black share of a run's training pictures."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

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
