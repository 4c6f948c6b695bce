"""What a model cannot vouch for: pictures unlike those it was trained on, and classes it never draws."""

import numpy as np

from severstal.data.picture_statistics import PictureStatistics, measure_picture
from severstal.deploy.model import ModelDescription


def warnings_of_picture(picture: np.ndarray, statistics: PictureStatistics | None) -> list[str]:
    """Say in what a picture lies outside of the range of the training pictures.

    Args:
        picture: (H, W) uint8, or (H, W, 3) of colours.
        statistics: None says nothing.

    Returns:
        One line per measure: size, brightness, contrast, black share.

    Example:
        >>> from severstal.data.picture_statistics import ValueRange
        >>> any_, side = ValueRange(0.0, 1.0), ValueRange(4.0, 4.0)
        >>> trained = PictureStatistics(9, side, side, ValueRange(0.3, 0.6), any_, any_)
        >>> warnings_of_picture(np.full((4, 4), 204, np.uint8), trained)
        ['brightness 0.80 is outside of 0.30 to 0.60, the range of the 9 training pictures']
    """
    if statistics is None:
        return []
    found = []
    height, width = picture.shape[:2]
    if height not in statistics.height or width not in statistics.width:
        found.append(
            f"size {height} x {width} is outside of {_span(statistics.height)} x {_span(statistics.width)}, "
            f"that of the {statistics.pictures:,} training pictures"
        )
    measured = measure_picture(picture)
    for name, label in (("brightness", "brightness"), ("contrast", "contrast"), ("black", "black share")):
        value, trained = measured[name], getattr(statistics, name)
        if value not in trained:
            found.append(
                f"{label} {value:.2f} is outside of {trained.low:.2f} to {trained.high:.2f}, the range of "
                f"the {statistics.pictures:,} training pictures"
            )
    return found


def never_drawn(description: ModelDescription) -> list[str]:
    """Name the classes that the rules draw nowhere, since no picture has as many pixels as they ask for."""
    rules = zip(description.spec.classes, description.rules.rules, strict=True)
    return [
        f"{name} is never drawn: its rule, found on the training pictures, leaves it out"
        for name, rule in rules
        if rule.is_never_drawn(description.spec)
    ]


def _span(sides: object) -> str:
    low, high = sides.low, sides.high
    return f"{low:g}" if low == high else f"{low:g}..{high:g}"
