"""Near-duplicates in two folds: counted once each, those that agree most shown first."""

import pandas as pd

from severstal.data.duplicates import describe_leaks, leaking_pairs

FOLD_OF = {"a": 0, "b": 1, "c": 0, "d": 1, "e": 0}


def pairs_of(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["first", "second", "agreement"])


def test_pairs_within_a_fold_or_without_one_do_not_leak() -> None:
    pairs = pairs_of(("a", "c", 0.9), ("b", "d", 0.9), ("a", "elsewhere", 0.9))
    assert leaking_pairs(pairs, FOLD_OF).empty
    assert describe_leaks(leaking_pairs(pairs, FOLD_OF), FOLD_OF) == ""


def test_leaks_are_counted_and_a_few_are_shown() -> None:
    pairs = pairs_of(("a", "b", 0.7), ("a", "d", 0.9), ("c", "b", 0.8), ("d", "e", 0.6), ("a", "c", 0.95))
    line = describe_leaks(leaking_pairs(pairs, FOLD_OF), FOLD_OF)
    assert line == (
        "4 pairs of near-duplicates (5 images) are in two folds: a (fold 0) and d (fold 1); "
        "c (fold 0) and b (fold 1); a (fold 0) and b (fold 1), and 1 more"
    )
