"""Folds that hold every class in proportion, and a bounded draw that does so too."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold

from severstal.errors import SeverstalError
from severstal.files import write_text


def make_folds(images: Sequence[str], presence: np.ndarray, folds: int, seed: int = 0) -> pd.DataFrame:
    """Deal images into folds so that each class is spread evenly (Sechidis 2011, iterative stratification).

    Args:
        images: names, each once.
        presence: (N, C) bool, which classes an image holds.
        folds: how many.
        seed: another seed deals differently.

    Returns:
        Columns `ImageId` and `fold` (int from 0), in the order of `images`.

    Raises:
        SeverstalError: there are fewer images than folds.

    Example:
        >>> table = make_folds(["a", "b", "c", "d"], np.array([[1], [1], [0], [0]], bool), 2)
        >>> sorted(table.groupby("fold")["ImageId"].count())
        [2, 2]
    """
    if len(images) < folds:
        raise SeverstalError(
            f"{len(images)} labelled images cannot fill {folds} folds: add images or lower data.folds"
        )
    fold = np.zeros(len(images), np.int64)
    splitter = MultilabelStratifiedKFold(folds, shuffle=True, random_state=seed)
    for number, (_, held_out) in enumerate(splitter.split(np.zeros(len(images)), _traits(presence))):
        fold[held_out] = number
    return pd.DataFrame({"ImageId": list(images), "fold": fold})


def draw_images(images: Sequence[str], presence: np.ndarray, at_most: int, seed: int = 0) -> list[str]:
    """Draw a bounded number of images that holds each class in its proportion.

    Args:
        images: names, each once.
        presence: (N, C) bool, which classes an image holds.
        at_most: how many; 0 takes all.
        seed: another seed draws others.

    Returns:
        Names in the order of `images`.

    Example:
        >>> draw_images(["a", "b", "c", "d"], np.eye(4, 1, dtype=bool), 0)
        ['a', 'b', 'c', 'd']
    """
    if not at_most or len(images) <= at_most:
        return list(images)
    # One fold of ceil(N / at_most) is a stratified draw of nearly `at_most`, never more than one above it.
    dealt = make_folds(images, presence, -(-len(images) // at_most), seed)
    return dealt.loc[dealt["fold"] == 0, "ImageId"].tolist()[:at_most]


def save_folds(folds: pd.DataFrame, path: str | Path) -> None:
    """Write `folds.csv`."""
    write_text(path, folds.to_csv(index=False, lineterminator="\n"))


def load_folds(path: str | Path) -> pd.DataFrame:
    """Read `folds.csv`.

    Raises:
        SeverstalError: the file is missing or is not such a table.
    """
    try:
        folds = pd.read_csv(path, dtype={"ImageId": str, "fold": "int64"}, keep_default_na=False)
        return folds[["ImageId", "fold"]]
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such file: make the folds first") from None
    except (ValueError, KeyError) as error:
        raise SeverstalError(
            f"{path}: not a table of ImageId,fold ({error}): delete it and run again"
        ) from error


def _traits(presence: np.ndarray) -> np.ndarray:
    """What is spread evenly: each class, and being clean."""
    return np.column_stack([presence, ~presence.any(axis=1)]).astype(np.int64)
