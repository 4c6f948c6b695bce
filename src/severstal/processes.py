"""The processes that torchrun or `accelerate launch` started to train together; all run the same command."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from datetime import timedelta

from severstal.errors import SeverstalError
from severstal.logs import log_silenced

_TIMEOUT = timedelta(days=1)  # for what the main process does while the others wait, as decode a data set
_GRACE = 5.0  # seconds in which the launcher ends the others, once one has stopped


def process_count() -> int:
    """Return the number of processes that train together, over all machines.

    Example:
        >>> process_count()
        1
    """
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_main_process() -> bool:
    """Return whether this is the process that prints and writes files.

    Example:
        >>> is_main_process()
        True
    """
    return process_count() == 1 or int(os.environ.get("RANK", "0")) == 0


@contextmanager
def distributed() -> Iterator[None]:
    """Run the block in all processes, connected; only the main process prints and logs.

    Raises:
        SeverstalError: another process stopped, which reports the reason itself.

    Example:
        >>> with distributed():
        ...     print("once")
        once
    """
    if process_count() == 1:
        yield
        return
    import torch
    from accelerate import PartialState

    PartialState(cpu=not torch.cuda.is_available(), timeout=_TIMEOUT)
    try:
        with nullcontext() if is_main_process() else _silenced():
            yield
    except KeyboardInterrupt:
        if is_main_process():
            raise
        sys.exit(130)
    except SeverstalError:
        if not is_main_process():
            time.sleep(_GRACE)  # the main process reports an error that all of them met
        raise
    except RuntimeError as error:
        if not _is_lost_connection(error):
            raise
        time.sleep(_GRACE)
        raise SeverstalError(
            f"process {os.environ['RANK']}: another process has stopped and reports the reason above: repair "
            "it and run the same command again"
        ) from None
    torch.distributed.destroy_process_group()


@contextmanager
def main_process_first() -> Iterator[None]:
    """Run the block in the main process first, and in the others once it has ended there.

    Example:
        >>> with main_process_first():
        ...     print("prepared")
        prepared
    """
    if process_count() == 1:
        yield
        return
    from accelerate import PartialState

    with PartialState().main_process_first():
        yield


@contextmanager
def _silenced() -> Iterator[None]:
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), log_silenced():
        yield


def _is_lost_connection(error: RuntimeError) -> bool:
    """Return whether an error only means that another process has ended."""
    import torch

    return isinstance(error, torch.distributed.DistError) or "gloo" in str(error).lower()
