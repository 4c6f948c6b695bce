"""The package's logger, whose lines go to standard error, between the progress bars.

The package itself prints nothing: it logs to `logging.getLogger("severstal")`, progress and notes as INFO,
and what deserves attention as WARNING. The command line shows these lines on standard error and prints
results to standard output. In a notebook `import severstal` shows them; any other program decides by the
usual means of `logging`, or calls `show_log`.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from severstal.errors import printable

_LOGGER = logging.getLogger("severstal")


class BesideBars(logging.Handler):
    """Writes each line to standard error, above the progress bars of tqdm.

    Example:
        >>> BesideBars().format(logging.makeLogRecord({"msg": "fold %d", "args": (1,)}))
        'fold 1'
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        try:
            tqdm.write(
                printable(self.format(record)), file=sys.stderr
            )  # looked up at each call: it may have been redirected
        except Exception:
            self.handleError(record)


def show_log() -> None:
    """Show the log from now on; handlers of the root logger no longer get it, so that no line comes twice.

    Example:
        >>> with log_shown():  # which undoes it afterwards
        ...     show_log()
        ...     logging.getLogger("severstal").info("written to standard error")
    """
    _LOGGER.propagate = False
    _LOGGER.setLevel(logging.INFO)
    if not any(isinstance(handler, BesideBars) for handler in _LOGGER.handlers):
        _LOGGER.addHandler(BesideBars())


@contextmanager
def log_shown() -> Iterator[None]:
    """Show the log while the block runs.

    Example:
        >>> with log_shown():
        ...     logging.getLogger("severstal").info("written to standard error")
    """
    handlers, level, propagate = list(_LOGGER.handlers), _LOGGER.level, _LOGGER.propagate
    show_log()
    try:
        yield
    finally:
        _LOGGER.handlers[:] = handlers
        _LOGGER.setLevel(level)
        _LOGGER.propagate = propagate


@contextmanager
def log_silenced() -> Iterator[None]:
    """Drop all lines of the log while the block runs.

    Example:
        >>> with log_silenced():
        ...     logging.getLogger("severstal").warning("dropped")
    """
    level = _LOGGER.level
    _LOGGER.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        _LOGGER.setLevel(level)
