"""Counts of images, classes and combinations of classes in each fold."""

import pandas as pd

from severstal.competition.spec import Spec
from severstal.evaluation.labels import class_labels

_MOST_COMBINATIONS = 12


def count_by_fold(folds: pd.DataFrame, table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Count the images of each fold: all, the clean ones, and those with each class.

    Args:
        folds: columns `ImageId` and `fold`.
        table: labels, one row per mask; rows of images without a fold are left out.
        spec: names the classes.

    Returns:
        int64: rows `images`, `clean` and one per class, one column per fold.

    Example:
        >>> from severstal.competition.spec import Spec
        >>> folds = pd.DataFrame({"ImageId": ["a", "b", "c"], "fold": [0, 1, 1]})
        >>> table = pd.DataFrame({"ImageId": ["a", "b"], "ClassId": [1, 1]})
        >>> count_by_fold(folds, table, Spec("tiny", (4, 6), ("hole",))).to_numpy().tolist()
        [[1, 2], [0, 1], [1, 1]]
    """
    fold_of = folds.set_index("ImageId")["fold"]
    numbers = sorted(fold_of.unique())
    held = table["ImageId"].map(fold_of)
    clean = fold_of[~fold_of.index.isin(table["ImageId"])]
    rows = {"images": fold_of.value_counts(), "clean": clean.value_counts()}
    for class_id, label in zip(spec.class_ids, class_labels(spec), strict=True):
        rows[label] = held[table["ClassId"] == class_id].value_counts()
    by_fold = {name: row.reindex(numbers, fill_value=0) for name, row in rows.items()}
    return pd.DataFrame(by_fold).T.astype("int64")


def combinations_by_fold(folds: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Count the images of each fold by their combination of two or more classes.

    Args:
        folds: columns `ImageId` and `fold`.
        table: labels, one row per mask; rows of images without a fold are left out.

    Returns:
        int64: one row per combination, such as "1 + 3", the most frequent first, at most 12; one column
        per fold.

    Example:
        >>> folds = pd.DataFrame({"ImageId": ["a", "b", "c"], "fold": [0, 1, 1]})
        >>> table = pd.DataFrame({"ImageId": ["a", "a", "b"], "ClassId": [1, 3, 1]})
        >>> combinations_by_fold(folds, table).T.to_dict("list")
        {'1 + 3': [1, 0]}
    """
    fold_of = folds.set_index("ImageId")["fold"]
    held = table[table["ImageId"].isin(fold_of.index)].drop_duplicates(["ImageId", "ClassId"])
    together = (
        held.sort_values("ClassId").groupby("ImageId")["ClassId"].agg(lambda ids: " + ".join(map(str, ids)))
    )
    together = together.astype("str")
    together = together[together.str.contains("+", regex=False)]
    found = pd.crosstab(together, together.index.map(fold_of))
    order = found.sum(axis=1).sort_values(ascending=False, kind="stable").index[:_MOST_COMBINATIONS]
    shown = found.reindex(index=order, columns=sorted(fold_of.unique()), fill_value=0)
    return shown.rename_axis(index=None, columns=None).astype("int64")
