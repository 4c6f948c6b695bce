"""A batch goes through the network in parts; out of memory, in smaller ones."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

import torch

from severstal.errors import SeverstalError

_Result = TypeVar("Result")


class MicroBatches:
    """Into how many parts a batch is cut.

    Args:
        count: what the recipe asks for.
        processes: that train together.

    Attributes:
        asked: what the recipe asks for.
        count: what is needed by now; it only ever grows.

    Example:
        >>> parts = MicroBatches(1)
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
        self.asked, self.count, self.processes = count, count, processes

    def run(
        self,
        compute: Callable[[int], _Result],
        pictures: int,
        supports_batch_size_one: Callable[[], bool] = lambda: True,
    ) -> _Result:
        """Compute a batch in so many parts as fit into the device's memory.

        Args:
            compute: does all of a batch in the number of parts that it is given, from the start each time.
            pictures: in the batch; at least 2 where the network does not take one alone.
            supports_batch_size_one: whether the network takes a part of one picture; asked only where
                there would be one.

        Raises:
            SeverstalError: the smallest parts that the network takes do not fit; or several processes train
                together: the others wait inside the batch, where it cannot be begun again.
        """
        while True:
            count = _possible(self.count, pictures, supports_batch_size_one)
            try:
                return compute(count)
            except torch.cuda.OutOfMemoryError:
                pass
            # Only here, where the error with all that its frames hold is gone, is there memory to give back.
            torch.cuda.empty_cache()
            more = _possible(2 * count, pictures, supports_batch_size_one)
            if more == count:
                largest = -(-pictures // count)
                what = "one picture" if largest == 1 else f"{largest} pictures"
                raise SeverstalError(
                    f"a part of {what} does not fit into the device's memory: set a smaller "
                    "augment.crop, data.scale = 2 or training.checkpoint_activations = true"
                )
            if self.processes > 1:
                raise SeverstalError(
                    f"a batch in {count} parts does not fit into the device's memory: "
                    f"set training.accumulate = {more}"
                )
            self.count = more
            print(
                f"out of memory: batches of {pictures} pictures now go in {more} parts, not {count} "
                "(training.accumulate)",
                flush=True,
            )


def halve_on_out_of_memory(compute: Callable[[Sequence], _Result], items: Sequence) -> list[_Result]:
    """Compute what no gradient is needed of for several pictures at once; out of memory, for half of them.

    Args:
        compute: gives the results of some of the items.
        items: a row a picture, such as their names.

    Returns:
        The results of the parts, in the order of the items: one where all of them fit.

    Raises:
        SeverstalError: a single picture does not fit.

    Example:
        >>> def compute(names):
        ...     if len(names) > 6:
        ...         raise torch.cuda.OutOfMemoryError("2.00 GiB")
        ...     return names.upper()
        >>> halve_on_out_of_memory(compute, "abcdefghijk")
        out of memory: batches of 11 pictures are predicted in halves: set a smaller inference.batch_size
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
    _say_halves(len(items))
    middle = -(-len(items) // 2)
    return halve_on_out_of_memory(compute, items[:middle]) + halve_on_out_of_memory(compute, items[middle:])


@cache  # said once of each size
def _say_halves(pictures: int) -> None:
    print(
        f"out of memory: batches of {pictures} pictures are predicted in halves: set a smaller "
        "inference.batch_size",
        flush=True,
    )


def _possible(count: int, pictures: int, supports_batch_size_one: Callable[[], bool]) -> int:
    """Into how many parts a batch can be cut where so many are wanted.

    Parts differ by one picture at most: with fewer than two for each, some part has one alone.
    """
    if 2 * count <= pictures or supports_batch_size_one():
        return min(count, pictures)
    return pictures // 2
