"""Thresholds of probability as the whole numbers that uint8 maps hold, and back."""

import math

MAP_LEVELS = 256
"""How many values a map takes: 0 to 255 stands for 0 to 1."""

NEVER = MAP_LEVELS
"""The level that no map reaches."""


def to_level(threshold: float) -> int:
    """The least value of a uint8 map, 0 to 255 for 0 to 1, that reaches a threshold in (0, 1].

    Example:
        >>> to_level(0.5), to_level(1.0), to_level(153 / 255)
        (128, 255, 153)
    """
    # Rounding may put a sum of thresholds just above a level: the tolerance keeps it at that level.
    return max(1, math.ceil(threshold * 255 - 1e-9))


def to_threshold(reached: int) -> float:
    """The shortest decimal number whose level is `reached`, 1 to 255.

    Example:
        >>> to_threshold(128), to_threshold(153), to_threshold(255), to_level(to_threshold(77))
        (0.5, 0.6, 1.0, 77)
    """
    # Levels are 1/255 = 0.0039 apart, so that three decimals always suffice.
    candidates = (reached * 10**digits // 255 / 10**digits for digits in (1, 2, 3))
    return next(value for value in candidates if value > 0 and to_level(value) == reached)
