"""Groups of near-duplicates, which folds keep together."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

logger = logging.getLogger("severstal")


def duplicate_groups(names: Sequence[str], pairs: pd.DataFrame, largest: int | None = None) -> pd.Series:
    """Put pictures that are duplicates, or duplicates of duplicates, into one group.

    Args:
        names: names of all pictures, each once.
        pairs: columns `first` and `second`, and `agreement` where `largest` is given; pairs with a
            picture that is not in `names` are left out.
        largest: largest size of a group; pairs are joined by falling agreement, and one that would make a
            larger group is skipped. None sets no limit.

    Returns:
        The group of each name (int64 from 0, in the order of their first pictures), indexed by `ImageId`.

    Example:
        >>> pairs = pd.DataFrame({"first": ["a", "c"], "second": ["c", "d"], "agreement": [0.7, 0.9]})
        >>> duplicate_groups(["a", "b", "c", "d"], pairs).to_dict()
        {'a': 0, 'b': 1, 'c': 0, 'd': 0}
        >>> duplicate_groups(["a", "b", "c", "d"], pairs, largest=2).to_dict()
        {'a': 0, 'b': 1, 'c': 2, 'd': 2}
    """
    row = {name: index for index, name in enumerate(names)}
    pairs = pairs[pairs["first"].isin(row) & pairs["second"].isin(row)]
    if largest is not None:
        pairs = pairs.sort_values("agreement", ascending=False, kind="stable")
    parent, size = np.arange(len(row)), np.ones(len(row), int)

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for first, second in zip(pairs["first"].map(row), pairs["second"].map(row), strict=True):
        first, second = root(first), root(second)
        if first != second and (largest is None or size[first] + size[second] <= largest):
            parent[second] = first
            size[first] += size[second]
    label = [root(index) for index in range(len(row))]
    return pd.Series(
        pd.factorize(np.array(label, int))[0].astype("int64"),
        index=pd.Index(names, name="ImageId"),
        name="group",
    )


def fold_groups(names: Sequence[str], pairs: pd.DataFrame, folds: int) -> pd.Series:
    """Group near-duplicates for a split into folds; a group that is larger than a fold is split.

    Groups that were split are logged in one line. They hold more pictures than any fold can keep together: a
    burst of one scene, or different pictures that share too much to be distinguished.

    Args:
        names: names of all pictures, each once.
        pairs: near-duplicate pairs, from `find_duplicates`.
        folds: number of folds.

    Returns:
        Groups as `duplicate_groups` returns them.

    Example:
        >>> pairs = pd.DataFrame({"first": ["a", "c"], "second": ["c", "d"], "agreement": [0.7, 0.9]})
        >>> fold_groups(["a", "b", "c", "d"], pairs, 2).to_dict()
        {'a': 0, 'b': 1, 'c': 2, 'd': 2}
    """
    largest = max(1, len(names) // folds)
    whole = duplicate_groups(names, pairs)
    sizes = whole.value_counts()
    if (too_large := sizes[sizes > largest]).empty:
        return whole
    logger.info(
        "folds: %d of %d pictures are near-duplicates of each other, a fold holds %d: such groups are split; "
        "data.group_duplicates = false takes every picture for itself",
        too_large.sum(),
        len(names),
        largest,
    )
    return duplicate_groups(names, pairs, largest)
