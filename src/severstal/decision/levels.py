"""Thresholds of probability as the whole numbers that uint8 maps hold, and back."""

import math

LEVELS = 256
"""How many values a map takes: 0 to 255 stands for 0 to 1."""

NEVER = LEVELS
"""The level that no map reaches."""


def level(threshold: float) -> int:
    """The least value of a uint8 map, 0 to 255 for 0 to 1, that reaches a threshold in (0, 1].

    Example:
        >>> level(0.5), level(1.0), level(153 / 255)
        (128, 255, 153)
    """
    # Sums such as 0.1 + 0.5 come out a little above what is meant; no threshold is meant so near to a level.
    return max(1, math.ceil(threshold * 255 - 1e-9))


def threshold(reached: int) -> float:
    """The shortest decimal number whose level is `reached`, 1 to 255.

    Example:
        >>> threshold(128), threshold(153), threshold(255), level(threshold(77))
        (0.5, 0.6, 1.0, 77)
    """
    # Levels lie 0.0039 apart, so that three decimals always suffice.
    candidates = (reached * 10**digits // 255 / 10**digits for digits in (1, 2, 3))
    return next(value for value in candidates if value > 0 and level(value) == reached)
