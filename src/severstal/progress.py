"""The progress bar."""

from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

from severstal.errors import printable

_Item = TypeVar("_Item")


def progress(items: Iterable[_Item], description: str, total: int | None = None, unit: str = "image") -> tqdm:
    """Show a progress bar on standard error while iterating over `items`, if it takes more than a second.

    Args:
        items: items to iterate over.
        description: label of the bar, two or three words.
        total: number of items, where `items` has no length.
        unit: name of one item.

    Returns:
        An iterable over the same items; `set_postfix` adds figures at the end of the bar.

    Example:
        >>> sum(progress(range(4), "adding"))
        6
    """
    return tqdm(
        items, desc=printable(description), total=total, unit=unit, delay=1, mininterval=0.5, leave=False
    )
