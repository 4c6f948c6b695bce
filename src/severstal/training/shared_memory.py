"""The shared memory that workers pass their batches through: 64 MB in a container by default."""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from severstal.errors import SeverstalError

logger = logging.getLogger("severstal")

SHARED_MEMORY = Path("/dev/shm")
_PREFETCHED = 2  # batches that a worker of PyTorch's DataLoader prepares ahead
_IN_USE = 2  # batches that the training holds while it computes
_REPAIR = "start the container with --shm-size=2g, or set training.workers = 0"


def fit_workers(workers: int, batch_bytes: int) -> int:
    """Reduce a number of workers to those whose batches fit into the shared memory, and say so.

    Args:
        workers: number of workers that is wanted.
        batch_bytes: size of a batch as a worker passes it on.

    Returns:
        `workers`, or fewer; 0 lets the training load its batches itself. The crops are the same.

    Example:
        >>> fit_workers(0, 10**15), fit_workers(2, 1)
        (0, 2)
    """
    if not workers or not SHARED_MEMORY.is_dir():
        return workers
    free = shutil.disk_usage(SHARED_MEMORY).free // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    fitting = max(0, free // max(batch_bytes, 1) - _IN_USE) // _PREFETCHED
    if fitting >= workers:
        return workers
    logger.warning(
        "%s has %.0f MB free, too little for the batches of %d workers: %d are used; for more, start the "
        "container with --shm-size=2g, or set training.workers = %d to leave this line out",
        *(SHARED_MEMORY, free / 1e6, workers, fitting, fitting),
    )
    return fitting


@contextmanager
def explain_shared_memory() -> Iterator[None]:
    """Turn the error of a worker that ran out of shared memory into one line.

    Raises:
        SeverstalError: a worker was killed for want of shared memory.

    Example:
        >>> with explain_shared_memory():
        ...     raise RuntimeError("unable to write to file </torch_1>: No space left on device (28)")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: /dev/shm is full, which workers pass batches through: start the ...
    """
    try:
        yield
    except (RuntimeError, OSError) as error:
        text = str(error)
        told = ("Bus error", "shared memory", "No space left on device", "unable to allocate shared")
        if not any(word in text for word in told):
            raise
        raise SeverstalError(
            f"{SHARED_MEMORY} is full, which workers pass batches through: {_REPAIR}"
        ) from error
