"""Checks of the options that this package's own networks take."""

from typing import Any

from severstal.errors import SeverstalError


def check_whole(name: str, value: Any, least: int = 1) -> int:
    """Return a whole number after checking it.

    Raises:
        SeverstalError: the value is not a whole number, or is below `least`.

    Example:
        >>> check_whole("decoder_layers", 0)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: model option 'decoder_layers' is 0: give a whole number from 1
    """
    if type(value) is not int or value < least:
        raise SeverstalError(f"model option {name!r} is {value!r}: give a whole number from {least}")
    return value


def check_odd(name: str, value: Any) -> int:
    """Return an odd number, from 1, after checking it.

    Raises:
        SeverstalError: the value is no odd number from 1.

    Example:
        >>> check_odd("window", 7)
        7
    """
    if type(value) is not int or value < 1 or value % 2 == 0:
        raise SeverstalError(f"model option {name!r} is {value!r}: give an odd number from 1")
    return value


def check_dropout(name: str, value: Any) -> float:
    """Return a dropout rate after checking it.

    Raises:
        SeverstalError: the value is not a number from 0 to below 1.

    Example:
        >>> check_dropout("dropout", 1.5)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: model option 'dropout' is 1.5: give a number from 0 to below 1
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise SeverstalError(f"model option {name!r} is {value!r}: give a number from 0 to below 1")
    return value


def check_rates(name: str, values: Any) -> tuple[int, ...]:
    """Return dilation rates after checking them.

    Raises:
        SeverstalError: they are not a list of one or more whole numbers from 1.

    Example:
        >>> check_rates("decoder_atrous_rates", [6, 12, 18])
        (6, 12, 18)
    """
    right = isinstance(values, list | tuple) and values
    if not right or not all(type(value) is int and value > 0 for value in values):
        raise SeverstalError(f"model option {name!r} is {values!r}: give a list of whole numbers from 1")
    return tuple(values)
