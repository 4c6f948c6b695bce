"""Fallbacks for when the device runs out of memory: smaller micro-batches, smaller inference batches."""

import logging
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

import torch

from severstal.errors import SeverstalError

logger = logging.getLogger("severstal")

_Result = TypeVar("_Result")


class MicroBatches:
    """The number of micro-batches that a batch is split into, whose gradients are accumulated.

    Args:
        count: number that the recipe asks for, `training.accumulate`.
        processes: number of processes that train together.

    Attributes:
        asked: number that the recipe asks for.
        count: number in use; it grows when memory runs out and never shrinks.

    Example:
        >>> micro_batches = MicroBatches(1)
        >>> def compute(count):
        ...     if count < 4:
        ...         raise torch.cuda.OutOfMemoryError("2.00 GiB")
        ...     return f"done in {count}"
        >>> micro_batches.run(compute, 8)
        'done in 4'
        >>> micro_batches.count
        4
    """

    def __init__(self, count: int, processes: int = 1):
        self.asked, self.count, self.processes = count, count, processes

    def run(
        self,
        compute: Callable[[int], _Result],
        pictures: int,
        supports_batch_size_one: Callable[[], bool] = lambda: True,
    ) -> _Result:
        """Compute a batch in as few micro-batches as fit into the device's memory.

        Args:
            compute: computes a whole batch, split into the number of micro-batches that it is given; after an
                out-of-memory error it is called again from the start.
            pictures: size of the batch; at least 2 if the network does not support a batch size of one.
            supports_batch_size_one: whether the network can be trained on a micro-batch of one picture;
                called only where there would be one.

        Raises:
            SeverstalError: the smallest micro-batch that the network supports does not fit; or several
                processes train together: the others wait inside the batch, which cannot be restarted.
        """
        while True:
            count = _possible(self.count, pictures, supports_batch_size_one)
            try:
                return compute(count)
            except torch.cuda.OutOfMemoryError:
                pass
            # Outside the except block: until its end the error keeps the tensors of its frames alive.
            torch.cuda.empty_cache()
            more = _possible(2 * count, pictures, supports_batch_size_one)
            if more == count:
                largest = -(-pictures // count)
                what = "one picture" if largest == 1 else f"{largest} pictures"
                raise SeverstalError(
                    f"a micro-batch of {what} does not fit into the device's memory: set a smaller "
                    "augment.crop, data.scale = 2 or training.checkpoint_activations = true"
                )
            if self.processes > 1:
                raise SeverstalError(
                    f"a batch in {count} micro-batches does not fit into the device's memory: "
                    f"set training.accumulate = {more}"
                )
            self.count = more
            logger.warning(
                "out of memory: batches of %d pictures are now split into %d micro-batches, not %d "
                "(training.accumulate)",
                pictures,
                more,
                count,
            )


def halve_on_out_of_memory(compute: Callable[[Sequence], _Result], items: Sequence) -> list[_Result]:
    """Compute results without gradients for a batch; where memory runs out, for each half of it in turn.

    Args:
        compute: function from a sequence of items to their results.
        items: one per picture, such as their names.

    Returns:
        One result per call that succeeded, in the order of the items: a single one where all of them fit.

    Raises:
        SeverstalError: a single picture does not fit.

    Example:
        >>> def compute(names):
        ...     if len(names) > 6:
        ...         raise torch.cuda.OutOfMemoryError("2.00 GiB")
        ...     return names.upper()
        >>> halve_on_out_of_memory(compute, "abcdefghijk")
        ['ABCDEF', 'GHIJK']
    """
    try:
        return [compute(items)]
    except torch.cuda.OutOfMemoryError:
        pass
    torch.cuda.empty_cache()
    if len(items) == 1:
        raise SeverstalError(
            "one picture does not fit into the device's memory: set fewer inference.scales, or data.scale = 2"
        )
    _warn_of_halves(len(items))
    middle = -(-len(items) // 2)
    return halve_on_out_of_memory(compute, items[:middle]) + halve_on_out_of_memory(compute, items[middle:])


@cache  # one warning per batch size
def _warn_of_halves(pictures: int) -> None:
    logger.warning(
        "out of memory: batches of %d pictures are predicted in halves: set a smaller inference.batch_size",
        pictures,
    )


def _possible(count: int, pictures: int, supports_batch_size_one: Callable[[], bool]) -> int:
    """Return the number of micro-batches that a batch can be split into where `count` are wanted.

    Their sizes differ by at most one picture: with fewer than two for each, one of them has only one.
    """
    if 2 * count <= pictures or supports_batch_size_one():
        return min(count, pictures)
    return pictures // 2
