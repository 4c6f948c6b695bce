"""Output to the terminal without escape sequences from names of pictures, classes or files."""

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import wraps
from typing import Any, ParamSpec, TextIO, TypeVar

from severstal.errors import printable

Arguments = ParamSpec("Arguments")
Code = TypeVar("Code")


class EscapedStream:
    r"""A text stream that escapes control characters except line feed and tab.

    Example:
        >>> print("class \x1b[31m1", file=EscapedStream(sys.stdout))
        class \x1b[31m1
    """

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text and return its length."""
        self._stream.write(printable(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def escape_results(command: Callable[Arguments, Code]) -> Callable[Arguments, Code]:
    """Make a command print through an `EscapedStream`; signature and help stay as they are.

    Names of pictures, classes and files come from other people, and a terminal obeys control codes: escape
    sequences in them could rename its window, hide text or answer for the user.
    """

    @wraps(command)
    def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Code:
        with redirect_stdout(EscapedStream(sys.stdout)):  # type: ignore[type-var]
            return command(*arguments, **named)

    return run


def error_line(error: object) -> str:
    r"""An error as the command line shows it: one line without control characters.

    Example:
        >>> error_line("a\nb.csv: \x1b[2Jempty")
        'severstal: a\\nb.csv: \\x1b[2Jempty'
    """
    return "severstal: " + printable(str(error)).replace("\n", "\\n").replace("\t", "\\t")
