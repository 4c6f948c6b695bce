"""A batch goes through the network in parts; out of memory, in smaller ones."""

from collections.abc import Callable
from typing import TypeVar

import torch

from severstal.errors import SeverstalError

Result = TypeVar("Result")


class Parts:
    """Into how many parts a batch is cut.

    Args:
        count: what the recipe asks for.
        processes: that train together.

    Attributes:
        count: what is needed by now; it only ever doubles.

    Example:
        >>> parts = Parts(1)
        >>> def compute(count):
        ...     if count < 4:
        ...         raise torch.cuda.OutOfMemoryError("2.00 GiB")
        ...     return f"done in {count}"
        >>> parts.run(compute, 8)
        out of memory: batches of 8 pictures now go in 2 parts, not 1 (training.accumulate)
        out of memory: batches of 8 pictures now go in 4 parts, not 2 (training.accumulate)
        'done in 4'
    """

    def __init__(self, count: int, processes: int = 1):
        self.count, self.processes = count, processes

    def run(self, compute: Callable[[int], Result], pictures: int) -> Result:
        """Compute a batch in so many parts as fit into the device's memory.

        Args:
            compute: does all of a batch in the number of parts that it is given, from the start each time.
            pictures: in the batch.

        Raises:
            SeverstalError: parts of one picture do not fit; or several processes train together: the others
                wait inside the batch, where it cannot be begun again.
        """
        while True:
            count = min(self.count, pictures)
            try:
                return compute(count)
            except torch.cuda.OutOfMemoryError:
                if self.processes > 1:
                    raise SeverstalError(
                        f"a batch in {count} parts does not fit into the device's memory: "
                        f"set training.accumulate = {2 * count}"
                    ) from None
                if count == pictures:
                    raise SeverstalError(
                        "a part of one picture does not fit into the device's memory: set a smaller "
                        "augment.crop, data.scale = 2 or training.checkpoint_activations = true"
                    ) from None
            # Only here, where the error with all that its frames hold is gone, is there memory to give back.
            torch.cuda.empty_cache()
            self.count = min(2 * count, pictures)
            print(
                f"out of memory: batches of {pictures} pictures now go in {self.count} parts, not {count} "
                "(training.accumulate)",
                flush=True,
            )
