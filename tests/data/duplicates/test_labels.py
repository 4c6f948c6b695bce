"""Labels are laid on each other by the shift of the pictures."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.data.duplicates import compare_labels
from severstal.data.duplicates.labels import labelled_differently
from severstal.data.duplicates.table import DUPLICATE_COLUMNS

SPEC = Spec("small", (20, 30), ("a", "b"))


def box(top: int, left: int) -> np.ndarray:
    mask = np.zeros(SPEC.image_shape, bool)
    mask[top : top + 5, left : left + 8] = True
    return mask


def compare(
    first: dict[int, np.ndarray],
    second: dict[int, np.ndarray],
    shift: tuple[int, int],
    how: tuple[str, float] = ("same", 1.0),
) -> pd.Series:
    rows = [("x", k, encode(mask)) for k, mask in first.items()] + [
        ("y", k, encode(mask)) for k, mask in second.items()
    ]
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    pairs = pd.DataFrame([("x", "y", *how, *shift)], columns=list(DUPLICATE_COLUMNS)[:6], index=[7])
    return compare_labels(pairs, Masks(table, SPEC), SPEC).loc[7]


def test_equal_masks_agree_once_they_are_shifted() -> None:
    moved = compare({1: box(3, 4)}, {1: box(6, 2)}, (3, -2))
    assert moved["same_label"] == 1
    assert (moved["classes_first"], moved["classes_second"]) == ("1", "1")
    assert compare({1: box(3, 4)}, {1: box(6, 2)}, (0, 0))["same_label"] == pytest.approx(2 * 2 * 6 / 80)


def test_other_classes_do_not_agree() -> None:
    other = compare({1: box(3, 4)}, {2: box(3, 4)}, (0, 0))
    assert other["same_label"] == 0
    assert (other["classes_first"], other["classes_second"]) == ("1", "2")
    both = compare({1: box(3, 4), 2: box(10, 10)}, {1: box(3, 4)}, (0, 0))
    assert both["classes_first"] == "1 2"
    assert both["same_label"] == pytest.approx(2 / 3)


def test_clean_pictures_agree() -> None:
    clean = compare({}, {}, (2, 2))
    assert (clean["classes_first"], clean["same_label"]) == ("", 1)


def test_what_lies_outside_the_other_picture_does_not_count() -> None:
    assert compare({1: box(0, 0)}, {}, (-6, 0))["same_label"] == 1


def test_no_pairs_keep_their_columns() -> None:
    table = pd.DataFrame(columns=["ImageId", "ClassId", "EncodedPixels"])
    pairs = pd.DataFrame(columns=list(DUPLICATE_COLUMNS)[:6])
    assert list(compare_labels(pairs, Masks(table, SPEC), SPEC).columns)[6:] == [
        "classes_first",
        "classes_second",
        "same_label",
    ]


def test_pairs_differ_by_their_classes_or_by_their_masks():
    pairs = pd.DataFrame({"classes_first": ["", "1", ""], "classes_second": ["1", "1", ""]})
    assert labelled_differently(pairs.assign(same_label=[0.9, 0.9, 1.0])).tolist() == [True, False, False]
    assert labelled_differently(pairs.assign(same_label=0.49)).all()


def test_masks_are_turned_and_scaled_with_the_pictures() -> None:
    mask = box(3, 4)
    turned = compare({1: mask}, {1: mask[::-1, ::-1]}, (0, 0), ("rotated 180", 1.0))
    assert turned["same_label"] == 1
    mirrored = compare({1: mask}, {1: mask[:, ::-1]}, (0, 0), ("mirrored left-right", 1.0))
    assert mirrored["same_label"] == 1
    assert compare({1: mask}, {1: mask[:, ::-1]}, (0, 0))["same_label"] < 0.5
    middle = np.zeros(SPEC.image_shape, bool)
    middle[8:12, 10:20] = True
    larger = np.zeros(SPEC.image_shape, bool)
    larger[6:14, 5:25] = True
    assert compare({1: middle}, {1: larger}, (0, 0), ("same", 2.0))["same_label"] == 1
