"""Pictures in the order of their sources, the next ones read by threads meanwhile."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter
from typing import NamedTuple

import numpy as np

from severstal.deploy.sources.several import Unreadable
from severstal.deploy.sources.source import PendingPicture
from severstal.errors import SeverstalError


class SourcePicture(NamedTuple):
    """A picture with its source.

    Attributes:
        source: source that it was read from.
        picture: (H, W) uint8.
        milliseconds: time for reading.
    """

    source: PendingPicture
    picture: np.ndarray
    milliseconds: float


def read_ahead(
    sources: Iterable[PendingPicture | Unreadable], readers: int, ahead: int, channels: int = 1
) -> Iterator[SourcePicture | Unreadable]:
    """Read pictures in the order of their sources.

    Args:
        sources: sources as `deploy.sources.several` opens them.
        readers: threads that read.
        ahead: pictures that are read or waiting, at most, before the first of them is asked for.
        channels: channels of the pictures, 1 for grey and 3 for red, green and blue.

    Returns:
        Each picture; what cannot be read takes its place as name and error.

    Example:
        >>> sources = [PendingPicture(name, lambda channels: np.zeros((2, 3), np.uint8)) for name in "ab"]
        >>> [each.source.name for each in read_ahead(sources, readers=2, ahead=4)]
        ['a', 'b']
    """
    waiting: deque[Future[SourcePicture | Unreadable] | Unreadable] = deque()
    pool = ThreadPoolExecutor(readers)
    try:
        for source in sources:
            waiting.append(source if isinstance(source, tuple) else pool.submit(_read, source, channels))
            if len(waiting) > ahead:
                yield _found(waiting.popleft())
        while waiting:
            yield _found(waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _found(waiting: "Future[SourcePicture | Unreadable] | Unreadable") -> SourcePicture | Unreadable:
    return waiting.result() if isinstance(waiting, Future) else waiting


def _read(source: PendingPicture, channels: int) -> SourcePicture | Unreadable:
    start = perf_counter()
    try:
        picture = source.read(channels)
    except SeverstalError as error:
        return source.label, error
    except MemoryError:
        line = f"{source.label}: more than the memory holds: cut the picture into parts"
        return source.label, SeverstalError(line)
    return SourcePicture(source, picture, (perf_counter() - start) * 1000)
