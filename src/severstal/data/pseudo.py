"""Pseudo-labels: unlabelled pictures with a network's confident masks."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pandas as pd

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.rows import raise_first, read_rows, row_faults, run_faults
from severstal.competition.spec import Spec
from severstal.competition.tables import tidy
from severstal.data.images import Pictures
from severstal.files import write_text
from severstal.recipe import PseudoSettings

SoftMasks = Callable[[str], np.ndarray]
"""Gives the probabilities of each class in a picture by its name: (C, H, W) uint8, 0 to 255 for 0 to 1."""

PseudoVerdict = Literal["taken", "class unsure", "class and mask disagree", "pixels unsure"]


@dataclass(frozen=True)
class PseudoData:
    """Unlabelled pictures to train on, with the masks that a network predicted.

    Attributes:
        store: source of the pictures; separate from that of labelled pictures, so that a name may be in both.
        masks: masks that the network predicted.
        names: names of the pictures that were taken; one without a mask is taken as clean.
        soft: function from a name to the probabilities of each class, (C, H, W) uint8; None for masks alone.
    """

    store: Pictures
    masks: Masks
    names: Sequence[str]
    soft: SoftMasks | None = None


def judge_pseudo_label(
    maps: np.ndarray, class_probability: np.ndarray, settings: PseudoSettings
) -> tuple[PseudoVerdict, np.ndarray]:
    """Decide whether a picture may be trained on with the masks that a network predicted.

    The classes have to be confident and to agree with the masks (1st place); and the pixels have to be
    confident, except near the edge of a mask, where even labels differ (10th place).

    Args:
        maps: (C, H, W) uint8, 0 to 255 for 0 to 1.
        class_probability: (C,) uint8, of each class being anywhere in the picture; of a network without a
            class head, the highest value of each map.
        settings: settings with the thresholds of confidence.

    Returns:
        The verdict, and the masks at 0.5, (C, H, W) bool.

    Example:
        >>> maps = np.zeros((1, 4, 40), np.uint8)
        >>> maps[0, :, 20:] = 250
        >>> judge_pseudo_label(maps, np.uint8([250]), PseudoSettings())[0]
        'taken'
        >>> judge_pseudo_label(maps, np.uint8([3]), PseudoSettings())[0]
        'class and mask disagree'
    """
    masks = maps >= 128  # the least value that stands for 0.5 or more
    if not _sure(class_probability, settings.confidence).all():
        return "class unsure", masks
    if not np.array_equal(class_probability >= 128, masks.any((1, 2))):
        return "class and mask disagree", masks
    counted = ~near_edges(masks, settings.edge)  # (H, W)
    sure = _sure(maps, settings.confidence).all(0) & counted
    if sure.sum() < settings.confident_pixels * counted.sum():
        return "pixels unsure", masks
    return "taken", masks


def near_edges(masks: np.ndarray, edge: int) -> np.ndarray:
    """Find the pixels near the edge of a mask, inside it or outside.

    Args:
        masks: (C, H, W) bool.
        edge: a pixel is near that has one of the other side within so many pixels. Where the picture ends is
            no edge.

    Returns:
        (H, W) bool.

    Example:
        >>> near_edges(np.array([[[0, 0, 0, 1, 1, 1]]], bool), 2)
        array([[False,  True,  True,  True,  True, False]])
    """
    near = np.zeros(masks.shape[1:], bool)
    for mask in masks:
        if not mask.any():
            continue
        for side in (mask, ~mask):
            away = cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            near |= side & (away <= edge)
    return near


def label_rows(name: str, masks: np.ndarray) -> list[tuple[str, int, str]]:
    """Return the rows of a picture that is taken: one per mask, or one with an empty text where there is
    none.

    Args:
        name: name of the picture.
        masks: (C, H, W) bool.

    Example:
        >>> label_rows("a.jpg", np.array([[[0, 0]], [[1, 0]]], bool))
        [('a.jpg', 2, '1 1')]
        >>> label_rows("b.jpg", np.zeros((2, 1, 2), bool))
        [('b.jpg', 1, '')]
    """
    rows = [(name, class_id, encode(mask)) for class_id, mask in enumerate(masks, 1) if mask.any()]
    return rows or [(name, 1, "")]


def save_labels(rows: Sequence[tuple[str, int, str]], path: str | Path) -> None:
    """Write the rows of the pictures that were taken as a CSV of `ImageId,ClassId,EncodedPixels`."""
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def load_labels(path: str | Path, store: Pictures, spec: Spec) -> PseudoData:
    """Read what `save_labels` wrote.

    Args:
        path: path of the CSV.
        store: source of the unlabelled pictures.
        spec: specification of the data set.

    Raises:
        SeverstalError: the file is missing or no such table, or names a picture that `store` does not hold.
    """
    _, rows = read_rows(path)
    faults = row_faults(rows, spec.class_ids, images=store.names, place="the pictures to be segmented")
    raise_first(path, run_faults(rows, spec) | faults)
    return PseudoData(store, Masks(tidy(rows), spec), tuple(dict.fromkeys(row.image for row in rows)))


def _sure(probabilities: np.ndarray, sure: float) -> np.ndarray:
    """Return which uint8 probabilities are above `sure` or below 1 minus it."""
    highest_unsure = math.floor(255 * sure + 1e-9)  # 0.6 * 255 comes out a little below 153
    return (probabilities > highest_unsure) | (probabilities < 255 - highest_unsure)
