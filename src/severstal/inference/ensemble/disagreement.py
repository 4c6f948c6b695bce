"""Disagreement of runs: by class, and by pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from severstal.inference.ensemble.selection import SOFT_DICE_SMOOTH, measure_overlap
from severstal.inference.maps import MapReader


@dataclass(frozen=True)
class RunDisagreement:
    """Disagreement of runs on the same out-of-fold images: 1 - soft Dice of two maps, from 0 to 1.

    Attributes:
        runs: names of the M runs.
        classes: (C, M, M) of each two runs, pooled over all images: 0 where their maps are equal, 1 where
            disjoint.
        pairs: one row per pair, the largest disagreement first: `ImageId`, `ClassId`, `disagreement` of the
            two runs that differ most (smoothed by a thousandth of the picture), and `first` and `second`,
            their positions in `runs`. Empty for a single run.
    """

    runs: tuple[str, ...]
    classes: np.ndarray
    pairs: pd.DataFrame


def measure_disagreement(readers: Sequence[MapReader], truth: Mapping[str, np.ndarray]) -> RunDisagreement:
    """Measure the disagreement of every two runs; of a single run no map is read.

    Args:
        readers: readers of the runs' out-of-fold maps, at least one.
        truth: (H, W) bitmask by image name.

    Raises:
        SeverstalError: the runs differ in images, folds or classes.

    Example:
        `measure_disagreement(readers, job.masks).pairs.head()` are the pairs on which two runs differ most.
    """
    columns = ["ImageId", "ClassId", "disagreement", "first", "second"]
    classes = len(readers[0].spec.classes)
    if len(readers) < 2:
        return RunDisagreement(
            (readers[0].layout.run,), np.zeros((classes, 1, 1)), pd.DataFrame(columns=columns)
        )
    overlap = measure_overlap(readers, truth)
    products, smooth = overlap.products, SOFT_DICE_SMOOTH * overlap.pixels[:, None, None, None]
    own = np.einsum("ncii->nci", products)
    total = own[..., :, None] + own[..., None, :]
    apart = 1 - (2 * products + smooth) / (total + smooth)  # (N, C, M, M)
    members = len(readers)
    flat = apart.reshape(*apart.shape[:2], -1)
    first, second = np.divmod(flat.argmax(axis=2), members)
    table = pd.DataFrame(
        {
            "ImageId": np.repeat(np.array(readers[0].names, dtype=object), classes),
            "ClassId": np.tile(np.array(readers[0].spec.class_ids, np.int64), len(flat)),
            "disagreement": flat.max(axis=2).ravel(),
            "first": first.ravel(),
            "second": second.ravel(),
        }
    ).astype({"ImageId": "str"})
    ranked = table.sort_values(["disagreement", "ImageId", "ClassId"], ascending=[False, True, True])
    return RunDisagreement(overlap.runs, overlap.disagreement(), ranked.reset_index(drop=True))
