"""The error for users, and the safe display of outside values in messages."""

import difflib
import reprlib
from collections.abc import Iterable
from itertools import islice
from typing import Any

_JOINERS = "\u200c\u200d"  # zero-width, and needed to write Persian and several scripts of India
_LONGEST_SHOWN = 200


class _Brief(reprlib.Repr):
    """Cuts long and deep values; unlike its base it keeps the order of a table's keys."""

    def repr_dict(self, value: dict[Any, Any], level: int) -> str:
        if level <= 0 and value:
            return "{...}"
        pairs = list(islice(value.items(), self.maxdict))
        parts = [f"{self.repr1(key, level - 1)}: {self.repr1(item, level - 1)}" for key, item in pairs]
        return "{" + ", ".join(parts + ["..."] * (len(value) > len(pairs))) + "}"


_brief = _Brief()
_brief.maxlevel, _brief.maxlist, _brief.maxtuple, _brief.maxdict = 4, 20, 20, 20
_brief.maxstring, _brief.maxlong, _brief.maxother = 160, 40, 160


class SeverstalError(Exception):
    """A fault that the user can repair.

    The message is one line that names the file, the row and the wrong value, and then the repair. The command
    line prints it without a traceback and ends with exit code 2; a notebook shows the line alone.

    Example:
        >>> raise SeverstalError("train.csv row 7: class 9 is not one of 1 to 4: correct the row")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: train.csv row 7: class 9 is not one of 1 to 4: correct the row
    """

    exit_code = 2

    def _render_traceback_(self) -> list[str]:
        """Return the text that IPython shows in place of a traceback."""
        return [f"severstal: {self}"]


def import_fault(error: ImportError, package: str) -> str:
    """Say why an optional package could not be imported: it is absent, or it is broken.

    A package may be installed and lack a package that itself imports; "is not installed" would then send the
    user the wrong way.

    Example:
        >>> import_fault(ModuleNotFoundError("No module named 'ray'", name="ray"), "ray")
        'is not installed'
        >>> import_fault(ModuleNotFoundError("No module named 'six'", name="six"), "ray")
        "cannot be imported (No module named 'six')"
    """
    absent = isinstance(error, ModuleNotFoundError) and error.name == package
    return "is not installed" if absent else f"cannot be imported ({error})"


def printable(text: str) -> str:
    r"""Escape what is not for showing: control characters, among them those that command a terminal.

    Line feed and tab stay.

    Example:
        >>> printable("class \x1b[31m1\x07"), printable("\u3042\n")
        ('class \\x1b[31m1\\x07', '\u3042\n')
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one in "\n\t" or one in _JOINERS else ascii(one)[1:-1] for one in text
    )


def is_printable(text: str) -> bool:
    r"""Return whether a text is one line without control characters.

    Example:
        >>> is_printable("class 1"), is_printable("class\n1"), is_printable("\x1b[2J")
        (True, False, False)
    """
    return all(one.isprintable() or one in _JOINERS for one in text)


def shown(value: Any) -> str:
    """A value of any origin as an error shows it: on one line, and cut where it is long or deep.

    Example:
        >>> shown([1, "a"]), len(shown("x" * 1_000)), shown([[[[[[1]]]]]])
        ("[1, 'a']", 160, '[[[[...]]]]')
    """
    text = _brief.repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


def nearest(name: str, known: Iterable[str], likeness: float = 0.0) -> str | None:
    """Find the known name that is most similar to a misspelt one.

    Args:
        name: name as the user wrote it.
        known: valid names.
        likeness: minimum similarity, 0 to 1, as `difflib` measures it.

    Returns:
        The nearest name; None where none is similar enough.

    Example:
        >>> nearest("fpm", ["unet", "fpn"])
        'fpn'
        >>> nearest("fpm", ["unet", "manet"], likeness=0.8)
    """
    return next(iter(difflib.get_close_matches(name, list(known), 1, likeness)), None)


def unknown(kind: str, name: str, known: Iterable[str]) -> SeverstalError:
    """Return the error for an unknown name; its message gives the most similar known name.

    Args:
        kind: kind of the name, such as "loss"; a file may be named before it.
        name: name as the user wrote it.
        known: known names, at least one.

    Example:
        >>> raise unknown("loss", "dise", ["bce", "dice"])
        Traceback (most recent call last):
        severstal.errors.SeverstalError: loss 'dise' is unknown: the nearest known one is 'dice'
    """
    return SeverstalError(f"{kind} {name!r} is unknown: the nearest known one is {nearest(name, known)!r}")
