"""Split into folds, stratified by combination of classes; and a stratified sample of bounded size."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold
from sklearn.model_selection import StratifiedGroupKFold

from severstal.errors import SeverstalError
from severstal.files import checksum, digest, read_json, write_json, write_text

_TYPES = {"ImageId": "str", "fold": "int64", "group": "int64", "likeness": "float64", "test_like": "bool"}
"""The columns of folds.csv; the first three are always there."""


def split_folds(
    images: Sequence[str],
    presence: np.ndarray,
    folds: int,
    seed: int = 0,
    groups: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Split images into folds: near-duplicates together, each combination of classes spread evenly.

    Args:
        images: names of the images, each once.
        presence: (N, C) bool, whether an image has the class.
        folds: number of folds.
        seed: seed of the random split.
        groups: group of near-duplicates by image; None makes each image its own group.

    Returns:
        Columns `ImageId`, `fold` (int from 0) and `group` (int from 0), in the order of `images`.

    Raises:
        SeverstalError: there are fewer images, or fewer groups, than folds.

    Example:
        >>> presence = np.array([[1], [1], [0], [0]], bool)
        >>> table = split_folds(["a", "b", "c", "d"], presence, 2, groups={"a": 0, "b": 1, "c": 0, "d": 1})
        >>> bool(table["fold"][0] == table["fold"][2] != table["fold"][1] == table["fold"][3])
        True
    """
    group = np.arange(len(images)) if groups is None else np.array([groups[name] for name in images], int)
    if (count := len(np.unique(group))) < folds:
        alike = f", {count} of them unlike each other," if count < len(images) else ""
        raise SeverstalError(
            f"{len(images)} labelled images{alike} cannot fill {folds} folds: add images or lower data.folds"
        )
    # Chosen by measurement: on the 12,548 real images with 44 random pairs as groups, 5 folds and 3 seeds, no
    # combination is off by more than one image between two folds, and the sizes by 2. The iterative
    # stratification of groups (Sechidis 2011) leaves up to 20 images in a combination and 24 in the sizes,
    # or, given the combinations as labels, 4 and 6.
    kind = np.unique(presence, axis=0, return_inverse=True)[1].ravel()
    if np.bincount(kind).max() < folds:
        kind = np.zeros_like(kind)  # no combination reaches every fold: only the sizes can be even
    fold = np.zeros(len(images), np.int64)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")  # 2 + 4 stands once in the real data
        for number, (_, held_out) in enumerate(splitter.split(kind, kind, group)):
            fold[held_out] = number
    if len(np.unique(fold)) < folds:
        raise SeverstalError(f"{len(images)} labelled images cannot fill {folds} folds: lower data.folds")
    return pd.DataFrame({"ImageId": list(images), "fold": fold, "group": group}).astype({"group": "int64"})


def sample_images(images: Sequence[str], presence: np.ndarray, at_most: int, seed: int = 0) -> list[str]:
    """Sample a bounded number of images, stratified by class.

    Args:
        images: names of the images, each once.
        presence: (N, C) bool, whether an image has the class.
        at_most: largest number of images; 0 takes all.
        seed: seed of the random sample.

    Returns:
        Names in the order of `images`.

    Example:
        >>> sample_images(["a", "b", "c", "d"], np.eye(4, 1, dtype=bool), 0)
        ['a', 'b', 'c', 'd']
    """
    if not at_most or len(images) <= at_most:
        return list(images)
    # One fold of ceil(N / at_most) is a stratified sample of nearly `at_most`, never more than one above it.
    # Iterative stratification (Sechidis 2011) takes no longer for many folds than for few.
    traits = np.column_stack([presence, ~presence.any(axis=1)]).astype(
        np.int64
    )  # each class, and being clean
    splitter = MultilabelStratifiedKFold(-(-len(images) // at_most), shuffle=True, random_state=seed)
    _, drawn = next(splitter.split(traits, traits))
    return [images[row] for row in drawn[:at_most]]


def save_folds(folds: pd.DataFrame, path: str | Path, about: Mapping[str, Any] | None = None) -> None:
    """Write `folds.csv`, and beside it `folds.json` with its checksum.

    Args:
        folds: folds from `split_folds`, possibly with `likeness` and `test_like`.
        path: path of the CSV.
        about: further values for the JSON file, such as seed and counts.
    """
    path = Path(path)
    write_text(path, folds.to_csv(index=False, lineterminator="\n"))
    write_json(path.with_suffix(".json"), {"sha256": checksum(path), **(about or {})})


def load_folds(path: str | Path) -> pd.DataFrame:
    """Read `folds.csv`, which must be as it was written.

    Returns:
        Columns `ImageId`, `fold` and `group`, and `likeness` and `test_like` where they were saved.

    Raises:
        SeverstalError: the file is missing, is not such a table, or was changed since it was written.
    """
    path = Path(path)
    try:
        folds = pd.read_csv(path, keep_default_na=False, dtype={"ImageId": str})
        columns = {column: kind for column, kind in _TYPES.items() if column in folds}
        folds = folds[list(columns | dict.fromkeys(list(_TYPES)[:3]))].astype(columns)
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such file: make the folds first") from None
    except (ValueError, KeyError) as error:
        raise SeverstalError(
            f"{path}: not a table of ImageId,fold,group ({_first_line(error)}): delete it and run again"
        ) from error
    record = path.with_suffix(".json")
    about = read_json(record) if record.is_file() else None
    if not isinstance(about, dict) or about.get("sha256") != checksum(path):
        raise SeverstalError(
            f"{path}: was changed after the split, so that scores would not be comparable: "
            "delete it and run again"
        )
    return folds


def folds_checksum(folds: pd.DataFrame) -> str:
    """Return the checksum of the assignment of images to folds; other columns have no influence.

    Example:
        >>> table = pd.DataFrame({"ImageId": ["a"], "fold": [0], "group": [0]})
        >>> folds_checksum(table) == folds_checksum(table.assign(likeness=0.3))
        True
    """
    return digest([folds["ImageId"].tolist(), folds["fold"].tolist()])


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
