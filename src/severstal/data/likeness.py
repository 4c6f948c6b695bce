"""Likeness of each picture to the test set (adversarial validation)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from severstal.errors import SeverstalError
from severstal.files import write_text

_PARTS = 5  # of the cross-validation
FEWEST = 2 * _PARTS  # pictures of either set
_SHARE = 0.2  # of the labelled images that are marked as the most test-like: as many as one of five folds


@dataclass(frozen=True)
class Likeness:
    """The result of a classifier of train against test pictures.

    Attributes:
        table: one row per picture, train first: `ImageId`, `likeness` (0 to 1; 0.5 means that train and test
            are equally likely) and `test` (bool, whether it is in the test set).

    Example:
        >>> columns = {"ImageId": ["a", "b", "c"], "likeness": [0.2, 0.4, 0.3], "test": [False, False, True]}
        >>> Likeness(pd.DataFrame(columns)).auc
        0.5
    """

    table: pd.DataFrame

    @property
    def auc(self) -> float:
        """Area under the ROC curve of the likeness, 0 to 1.

        At 0.5, chance, the two sets look alike; at 1 every test picture looks more like the test set than
        any train picture does.
        """
        return float(roc_auc_score(self.table["test"], self.table["likeness"]))

    def roc(self) -> tuple[np.ndarray, np.ndarray]:
        """The ROC curve: shares of train pictures taken for test and of test pictures recognised, 0 to 1."""
        false, true, _ = roc_curve(self.table["test"], self.table["likeness"])
        return false, true

    def extremes(self, count: int) -> tuple[pd.Series, pd.Series]:
        """Return the likeness of the train pictures least and most like the test set, each sorted from its
        end.

        Args:
            count: number of pictures at either end; at most half of the train pictures.

        Example:
            >>> columns = {"ImageId": list("abc"), "likeness": [0.2, 0.4, 0.3], "test": [False, False, True]}
            >>> [part.to_dict() for part in Likeness(pd.DataFrame(columns)).extremes(4)]
            [{'a': 0.2}, {'b': 0.4}]
        """
        ranked = self.of_train().sort_values(kind="stable")
        count = min(count, len(ranked) // 2)
        return ranked[:count], ranked[::-1][:count]

    def of_train(self) -> pd.Series:
        """The likeness of the train pictures by `ImageId`."""
        return self.table[~self.table["test"]].set_index("ImageId")["likeness"]

    def save(self, path: str | Path) -> None:
        """Write the table as CSV."""
        write_text(path, self.table.to_csv(index=False, lineterminator="\n"))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote."""
        types = {"ImageId": "str", "likeness": "float64", "test": "bool"}
        return cls(pd.read_csv(path, dtype=types, keep_default_na=False))


def measure_likeness(
    train: pd.DataFrame, test: pd.DataFrame, groups: Mapping[str, int] | None = None, seed: int = 0
) -> Likeness:
    """Train a small classifier of train against test pictures, and return their likeness to the test set.

    The likeness of a picture comes from a model that was trained without it and its near-duplicates. The two
    sets have equal weight whatever their sizes.

    Args:
        train: features of the train pictures, from `picture_features`.
        test: features of the test pictures, with the same columns.
        groups: group of near-duplicates by the name of train pictures; None makes each picture its own group.
        seed: random seed of the classifier and of its split.

    Raises:
        SeverstalError: either set has fewer than 10 pictures.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> train, test = (pd.DataFrame({"brightness": rng.normal(mean, 1, 60)}) for mean in (90, 100))
        >>> for name, table in (("a", train), ("b", test)):
        ...     table.insert(0, "ImageId", [f"{name}{row}" for row in range(60)])
        >>> found = measure_likeness(train, test)
        >>> found.auc > 0.9, len(found.table)
        (True, 120)
    """
    for name, table in (("train", train), ("test", test)):
        if len(table) < FEWEST:
            raise SeverstalError(
                f"{len(table)} {name} pictures are too few to tell train from test: give at least {FEWEST}"
            )
    both = pd.concat([train, test], ignore_index=True)
    is_test = np.arange(len(both)) >= len(train)
    group = np.arange(len(both))  # each for itself
    if groups is not None:
        group[: len(train)] = len(both) + train["ImageId"].map(groups).to_numpy()
    # Trees, because features such as the black share are neither normal nor linear in what they tell; few and
    # flat ones, because a sample has some hundred pictures.
    model = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=80,
        max_leaf_nodes=8,
        min_samples_leaf=10,
        early_stopping=False,
        class_weight="balanced",
        random_state=seed,
    )
    parts = StratifiedGroupKFold(_PARTS, shuffle=True, random_state=seed)
    features = both.drop(columns="ImageId").to_numpy()
    chance = cross_val_predict(model, features, is_test, groups=group, cv=parts, method="predict_proba")
    # Rounded, so that another machine's last digit makes no other file.
    return Likeness(
        pd.DataFrame({"ImageId": both["ImageId"], "likeness": chance[:, 1].round(4), "test": is_test})
    )


def most_test_like(likeness: pd.Series, groups: pd.Series, share: float = _SHARE) -> pd.Series:
    """Mark the images most like the test set, groups of near-duplicates whole.

    Args:
        likeness: likeness of the labelled images, indexed by `ImageId`.
        groups: groups of the same images, with the same index.
        share: share of the images to mark, 0 to 1; a group that exceeds it is taken whole.

    Returns:
        bool by `ImageId`, named `test_like`.

    Example:
        >>> likeness = pd.Series({"a": 0.9, "b": 0.1, "c": 0.6, "d": 0.2})
        >>> most_test_like(likeness, pd.Series({"a": 0, "b": 0, "c": 1, "d": 2}), 0.25).to_list()
        [False, False, True, False]
    """
    by_group = (
        likeness.groupby(groups).agg(["mean", "size"]).sort_values("mean", ascending=False, kind="stable")
    )
    before = by_group["size"].cumsum() - by_group["size"]
    chosen = by_group.index[before < share * len(likeness)]
    return groups.isin(chosen).rename("test_like")
