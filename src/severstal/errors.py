"""The one kind of error that a person is meant to read."""

import difflib
from collections.abc import Iterable


class SeverstalError(Exception):
    """Something in the input that a person can repair.

    The message is one line that names the file, the row and the wrong value, and then the repair. The command
    line prints it without a traceback and ends with exit code 2; a notebook shows the line alone.

    Example:
        >>> raise SeverstalError("train.csv row 7: class 9 is not one of 1 to 4: correct the row")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: train.csv row 7: class 9 is not one of 1 to 4: correct the row
    """

    exit_code = 2

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback."""
        return [f"severstal: {self}"]


def nearest(name: str, known: Iterable[str], likeness: float = 0.0) -> str | None:
    """The known name most like one that may be misspelt.

    Args:
        name: as a person wrote it.
        known: what there is.
        likeness: the least, 0 to 1, as `difflib` measures it.

    Returns:
        None where nothing is like enough.

    Example:
        >>> nearest("fpm", ["unet", "fpn"])
        'fpn'
        >>> nearest("fpm", ["unet", "manet"], likeness=0.8)
    """
    return next(iter(difflib.get_close_matches(name, list(known), 1, likeness)), None)


def unknown(kind: str, name: str, known: Iterable[str]) -> SeverstalError:
    """The error for a name that there is not, with the known one most like it.

    Args:
        kind: of the name, as "loss"; a file comes before it.
        name: as a person wrote it.
        known: what there is, at least one.

    Example:
        >>> raise unknown("loss", "dise", ["bce", "dice"])
        Traceback (most recent call last):
        severstal.errors.SeverstalError: loss 'dise' is unknown: the nearest known one is 'dice'
    """
    return SeverstalError(f"{kind} {name!r} is unknown: the nearest known one is {nearest(name, known)!r}")
