"""Near-duplicates between two sets of pictures, and the score of copying labels from one to the other."""

import hashlib
from collections.abc import Sequence
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.rows import TableRow
from severstal.competition.spec import Spec
from severstal.competition.tables import tidy
from severstal.data.duplicates.find import find_duplicates
from severstal.data.duplicates.overlay import Overlay, lay_on, overlay_of
from severstal.data.images import Pictures


def copied_pictures(test: Pictures, train: Pictures, names: Sequence[str]) -> frozenset[str]:
    """Find the test pictures that are near-duplicates of some train pictures.

    Args:
        test: pictures that may be copies.
        train: pictures that they may be copies of.
        names: names of the pictures of `train` that count, such as a fold's held-out pictures.

    Returns:
        Names of test pictures.

    Example:
        >>> grey = np.random.default_rng(0).integers(80, 120, (3, 128, 128)).astype(np.uint8)
        >>> train = SimpleNamespace(names=["a", "b"], picture={"a": grey[0], "b": grey[1]}.get)
        >>> test = SimpleNamespace(names=["x", "y"], picture={"x": grey[0] + 1, "y": grey[2]}.get)
        >>> copied_pictures(test, train, ["a"]), copied_pictures(test, train, ["b"])
        (frozenset({'x'}), frozenset())
    """
    held = SimpleNamespace(names=list(names), picture=train.picture)
    return frozenset(find_duplicates(held, test)["second"])


def held_out_copies(test: Pictures, train: Pictures, held_out: Sequence[str]) -> frozenset[str]:
    """Find the test pictures that a fold may not be trained on: near-duplicates of its held-out pictures.

    Pictures without texture have no near-duplicates but those of equal pixels, which count here, too.

    Args:
        test: pictures that may be copies.
        train: labelled pictures.
        held_out: names of those that the fold is validated on.

    Returns:
        Names of test pictures.

    Example:
        >>> black = np.zeros((64, 64), np.uint8)
        >>> train = SimpleNamespace(names=["a"], picture={"a": black}.get)
        >>> test = SimpleNamespace(names=["x"], picture={"x": black.copy()}.get)
        >>> copied_pictures(test, train, ["a"]), held_out_copies(test, train, ["a"])
        (frozenset(), frozenset({'x'}))
    """
    seen = {_pixels_checksum(train.picture(name)) for name in held_out}
    equal = {name for name in test.names if _pixels_checksum(test.picture(name)) in seen}
    return copied_pictures(test, train, held_out) | equal


def _pixels_checksum(picture: np.ndarray) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(picture), digest_size=16).digest()


def lookup_table(pairs: pd.DataFrame, names: Sequence[str], masks: Masks, spec: Spec) -> pd.DataFrame:
    """Label test pictures as `lookup_masks` does, as a table of run lengths.

    Args:
        pairs: as for `lookup_masks`.
        names: as for `lookup_masks`.
        masks: as for `lookup_masks`.
        spec: as for `lookup_masks`.

    Returns:
        Tidy table, one row per mask.
    """
    copied = set(pairs["second"])
    rows = []
    for name in (name for name in names if name in copied):
        bits = lookup_masks(pairs[pairs["second"] == name], [name], masks, spec)[name]
        for class_id in spec.class_ids:
            mask = (bits >> (class_id - 1)) & 1
            if mask.any():
                rows.append(TableRow(name, str(class_id), encode(mask)))
    return tidy(rows)


def lookup_masks(
    pairs: pd.DataFrame, names: Sequence[str], masks: Masks, spec: Spec
) -> dict[str, np.ndarray]:
    """Label test pictures by a table: the mask of the train picture with the highest agreement, transformed
    to fit.

    A control, not a method: a network may have memorised whatever this scores.

    Args:
        pairs: pairs of train and test pictures, as `find_duplicates(train, test)` returns them.
        names: names of the test pictures.
        masks: masks of the train pictures.
        spec: specification of both sets.

    Returns:
        (H, W) bitmask by test picture; empty where no train picture is a near-duplicate.

    Example:
        >>> spec = Spec("tiny", (1, 4), ("hole",))
        >>> rows = pd.DataFrame([("a", 1, "1 1")], columns=["ImageId", "ClassId", "EncodedPixels"])
        >>> row = {"first": "a", "second": "x", "orientation": "rotated 180", "scale": 1.0}
        >>> pairs = pd.DataFrame([row | {"shift_y": 0, "shift_x": 0, "agreement": 0.9}])
        >>> found = lookup_masks(pairs, ["x", "y"], Masks(rows, spec), spec)
        >>> found["x"].tolist(), found["y"].tolist()
        ([[0, 0, 0, 1]], [[0, 0, 0, 0]])
    """
    labels = {name: np.zeros(spec.shape_of(name), spec.mask_dtype) for name in names}
    for pair in pairs.sort_values("agreement", kind="stable").itertuples():
        overlay = Overlay(pair.orientation, pair.scale, pair.shift_y, pair.shift_x)
        labels[pair.second] = lay_on(masks[pair.first], overlay, labels[pair.second].shape, cv2.INTER_NEAREST)
    return labels


def symmetric_pairs(pairs: pd.DataFrame, masks: Masks) -> pd.DataFrame:
    """Add each pair the other way round too, so that either picture can be labelled by the other.

    Args:
        pairs: pairs within one set of pictures, as `find_duplicates(pictures)` returns them.
        masks: masks of the pictures; only their shapes are read.

    Returns:
        Twice as many rows: the columns that `lookup_masks` reads.

    Example:
        >>> spec = Spec("tiny", (2, 4), ("hole",))
        >>> masks = Masks(pd.DataFrame(columns=["ImageId", "ClassId", "EncodedPixels"]), spec)
        >>> row = {"first": "a", "second": "b", "orientation": "same", "scale": 1.0}
        >>> pairs = pd.DataFrame([row | {"shift_y": 0, "shift_x": 1, "agreement": 0.9}])
        >>> symmetric_pairs(pairs, masks)[["first", "second", "shift_x"]].values.tolist()
        [['a', 'b', 1], ['b', 'a', -1]]
    """
    columns = ["first", "second", "orientation", "scale", "shift_y", "shift_x", "agreement"]
    rows = []
    for pair in pairs.itertuples():
        first, second = masks[pair.first].shape, masks[pair.second].shape
        there = Overlay(pair.orientation, pair.scale, pair.shift_y, pair.shift_x).matrix(first, second)
        back = overlay_of(cv2.invertAffineTransform(there), second, first)
        turned = (back.orientation, back.scale, back.shift_y, back.shift_x)
        rows.append((pair.second, pair.first, *turned, pair.agreement))
    return pd.concat([pairs[columns], pd.DataFrame(rows, columns=columns)], ignore_index=True)
