"""Near-duplicates on both sides of a split: the networks of one fold see the held-out pictures of another."""

from collections.abc import Mapping

import pandas as pd

_EXAMPLES = 3


def leaking_pairs(pairs: pd.DataFrame, fold_of: Mapping[str, int]) -> pd.DataFrame:
    """Return the pairs of near-duplicates whose pictures are in different folds, best agreement first.

    Args:
        pairs: near-duplicate pairs, from `find_duplicates`; those with a picture that has no fold are left
            out.
        fold_of: fold of each picture.

    Example:
        >>> pairs = pd.DataFrame({"first": ["a", "a"], "second": ["b", "c"], "agreement": [0.7, 0.9]})
        >>> leaking_pairs(pairs, {"a": 0, "b": 1, "c": 0})[["first", "second"]].to_numpy().tolist()
        [['a', 'b']]
    """
    first, second = pairs["first"].map(fold_of), pairs["second"].map(fold_of)
    leaking = first.notna() & second.notna() & (first != second)
    return pairs[leaking].sort_values("agreement", ascending=False, kind="stable")


def describe_leaks(leaking: pd.DataFrame, fold_of: Mapping[str, int]) -> str:
    """Describe how many pictures leak across folds, with examples; empty where none does.

    Args:
        leaking: leaking pairs, from `leaking_pairs`.
        fold_of: fold of each picture.

    Example:
        >>> pairs = pd.DataFrame({"first": ["a"], "second": ["b"], "agreement": [0.7]})
        >>> describe_leaks(pairs, {"a": 0, "b": 1})
        '1 pair of near-duplicates (2 images) is in two folds: a (fold 0) and b (fold 1)'
    """
    if leaking.empty:
        return ""
    images = len(set(leaking["first"]).union(leaking["second"]))
    shown = [
        f"{pair.first} (fold {fold_of[pair.first]}) and {pair.second} (fold {fold_of[pair.second]})"
        for pair in leaking.head(_EXAMPLES).itertuples()
    ]
    pairs = "1 pair of near-duplicates" if len(leaking) == 1 else f"{len(leaking):,} pairs of near-duplicates"
    more = f", and {len(leaking) - _EXAMPLES:,} more" if len(leaking) > _EXAMPLES else ""
    return f"{pairs} ({images:,} images) {'is' if len(leaking) == 1 else 'are'} in two folds: " + (
        "; ".join(shown) + more
    )
