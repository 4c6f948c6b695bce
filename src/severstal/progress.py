"""The one progress bar."""

from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

from severstal.errors import printable

_Item = TypeVar("Item")


def progress(items: Iterable[_Item], description: str, total: int | None = None, unit: str = "image") -> tqdm:
    """Show a bar on the error stream while `items` are gone through, if that takes more than a second.

    Args:
        items: what to go through.
        description: what is being done, in two or three words.
        total: how many there are, where `items` has no length.
        unit: what one item is.

    Returns:
        An iterable over the same items; `set_postfix` adds figures at the bar's end.

    Example:
        >>> sum(progress(range(4), "adding"))
        6
    """
    return tqdm(
        items, desc=printable(description), total=total, unit=unit, delay=1, mininterval=0.5, leave=False
    )
