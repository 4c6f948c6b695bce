"""The deadline of a training, as in a session of limited length."""

import time

from severstal.errors import SeverstalError

_SPARE = 1.1  # times the slowest epoch so far, since the next one may be slower


class DeadlineReached(SeverstalError):
    """A training stopped between two epochs, as the next one would end too late; exit code 1."""

    exit_code = 1


class Deadline:
    """A point in time, and the duration of the slowest epoch so far.

    An epoch begins only if it would end in time, judged by the slowest one before it, of any fold; the first
    begins while any time is left.

    Args:
        at: Unix time in seconds, on which processes and machines agree.

    Attributes:
        slowest: seconds of the slowest epoch so far.

    Example:
        >>> deadline = Deadline.within(hours=1)
        >>> deadline.allows_epoch()
        True
        >>> deadline.slowest = 3500
        >>> deadline.allows_epoch()
        False
    """

    def __init__(self, at: float) -> None:
        self.at = at
        self.slowest = 0.0

    @classmethod
    def within(cls, hours: float) -> "Deadline":
        """The deadline that many hours from now.

        Raises:
            SeverstalError: it is not in the future.
        """
        if not hours > 0:
            raise SeverstalError(f"--hours is {hours:g}: give more than 0")
        return cls(time.time() + 3600 * hours)

    def allows_epoch(self) -> bool:
        """Return whether another epoch would end in time."""
        return time.time() + _SPARE * self.slowest < self.at


def deadline_reached(fold: int, epoch: int, epochs: int) -> DeadlineReached:
    """The error of a training that stops, and how to go on.

    Args:
        fold: number of the fold, from 0.
        epoch: number of finished epochs, whose state is saved.
        epochs: number of epochs of the whole training.
    """
    return DeadlineReached(
        f"fold {fold}: stopped after epoch {epoch} of {epochs}, since the next one would end after the limit "
        "of --hours: run the same command again, which resumes there"
    )
