"""The masks of held-out images, each drawn by the rules that were searched without its fold."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from severstal.competition.spec import Spec
from severstal.decision.mask_table import draw_masks
from severstal.decision.reader import PictureSource, Reader
from severstal.decision.rules import Rules


class _Part:
    """The maps of some of a reader's images."""

    def __init__(self, reader: Reader, rows: Sequence[int]) -> None:
        self.folder: Path = reader.folder
        self.spec: Spec = reader.spec
        self.names = [reader.names[row] for row in rows]
        self.class_probability = reader.class_probability[rows]
        self._reader, self._rows = reader, rows

    def __len__(self) -> int:
        return len(self.names)

    def full(self, index: int) -> np.ndarray:
        return self._reader.full(self._rows[index])

    def require(self, spec: Spec) -> None:
        self._reader.require(spec)


def draw_cross_fitted(
    reader: Reader,
    rules: Mapping[int, Rules],
    folds: np.ndarray,
    spec: Spec,
    pictures: PictureSource | None = None,
) -> pd.DataFrame:
    """Draw out-of-fold maps as `cross_fit` scored them: each image by rules that were not searched on it.

    Args:
        reader: out-of-fold maps.
        rules: rules for the images of each fold, by its number, such as `CrossFit.rules`.
        folds: (N,) the fold of each image of the reader.
        spec: shape and classes that the maps must have.
        pictures: the pictures of the maps, for rules with a CRF.

    Returns:
        The tidy table, one row per non-empty mask, in the order of the images.

    Raises:
        SeverstalError: the maps or the rules are for other classes; a shard of maps is altered.
        ValueError: there are more or fewer folds than images, or a fold has no rules.

    Example:
        `draw_cross_fitted(MapReader("runs/a/oof"), fitted.rules, folds, spec)` has a row for each mask that
        the cross-fitted rules draw.
    """
    folds = np.asarray(folds)
    if folds.shape != (len(reader),):
        raise ValueError(f"folds are of shape {folds.shape}; there are {len(reader)} images")
    numbers = np.unique(folds).tolist()
    if not set(numbers) <= rules.keys():
        raise ValueError(f"rules for the folds {sorted(rules)}; the images are of the folds {numbers}")
    parts = [
        draw_masks(_Part(reader, np.flatnonzero(folds == fold).tolist()), rules[fold], spec, pictures)
        for fold in numbers
    ]
    table = pd.concat(parts, ignore_index=True)
    place = {name: row for row, name in enumerate(reader.names)}
    return table.sort_values(
        "ImageId", key=lambda names: names.map(place), kind="stable", ignore_index=True
    ).astype({"ClassId": "int64"})
