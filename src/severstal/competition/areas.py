"""Pixels that masks have and share, counted on their runs without drawing a picture."""

from collections.abc import Sequence

import numpy as np


def area(runs: str) -> int:
    """Pixels of a mask.

    Args:
        runs: text without a fault, as `read_labels` and `read_submission` give it.

    Example:
        >>> area("1 3 7 2")
        5
    """
    return sum(map(int, runs.split()[1::2]))


def shared_area(texts: Sequence[str]) -> int:
    """Return the pixels that are in at least two of some masks of one picture.

    Args:
        texts: the masks' runs, each without a fault, so that no mask has a pixel twice.

    Example:
        >>> shared_area(["1 3", "3 5", "3 1"]), shared_area(["1 3"])
        (1, 0)
    """
    runs = [np.fromstring(text, np.int64, sep=" ").reshape(-1, 2) for text in texts]
    starts, lengths = np.concatenate([np.empty((0, 2), np.int64), *runs]).T
    edges = np.concatenate([starts, starts + lengths])
    steps = np.repeat(np.array([1, -1]), len(starts))
    order = np.argsort(edges)
    covers = np.cumsum(steps[order])[:-1]  # masks that cover the stretch behind each edge
    return int(np.diff(edges[order])[covers > 1].sum())
