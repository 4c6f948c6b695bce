"""Test pictures that are also in the training set are found, and their labels looked up there."""

from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.data.duplicates import copied_pictures, find_duplicates, symmetric_pairs
from severstal.data.duplicates.across import lookup_masks
from severstal.data.duplicates.orientation import ORIENTATIONS, orient

SPEC = Spec("square", (160, 160), ("a", "b"))
RNG = np.random.default_rng(0)
STEEL = [
    cv2.GaussianBlur(RNG.normal(90, 60, SPEC.image_shape), (0, 0), 1.5).clip(5, 240).astype(np.uint8)
    for _ in range(12)
]


def held(**pictures: np.ndarray) -> SimpleNamespace:
    return SimpleNamespace(names=list(pictures), picture=pictures.get)


def test_a_brightened_copy_of_a_held_out_picture_is_found() -> None:
    train = held(a=STEEL[0], b=STEEL[1])
    saved = cv2.imdecode(cv2.imencode(".jpg", STEEL[0] + 1)[1], cv2.IMREAD_GRAYSCALE)
    test = held(a=STEEL[2], x=saved, y=np.ascontiguousarray(STEEL[1].T))
    assert copied_pictures(test, train, ["a"]) == {"x"}
    assert copied_pictures(test, train, ["a", "b"]) == {"x", "y"}
    assert copied_pictures(test, train, []) == frozenset()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_masks_are_looked_up_and_turned(orientation: str) -> None:
    mask = np.zeros(SPEC.image_shape, bool)
    mask[10:50, 20:130] = True
    rows = pd.DataFrame([("a", 2, encode(mask))], columns=["ImageId", "ClassId", "EncodedPixels"])
    train = held(a=STEEL[0], b=STEEL[1])
    test = held(x=np.ascontiguousarray(orient(STEEL[0], orientation)), y=STEEL[3])
    found = lookup_masks(find_duplicates(train, test), test.names, Masks(rows, SPEC), SPEC)
    assert np.array_equal(found["x"], 2 * orient(mask, orientation))
    assert not found["y"].any()


def test_the_nearest_picture_counts() -> None:
    rows = [("a", 1, "1 4"), ("b", 1, "9 4")]
    masks = Masks(pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"]), SPEC)
    common = {"second": "x", "orientation": "same", "scale": 1.0, "shift_y": 0, "shift_x": 0}
    pairs = [common | {"first": "b", "agreement": 0.9}, common | {"first": "a", "agreement": 0.7}]
    found = lookup_masks(pd.DataFrame(pairs), ["x"], masks, SPEC)
    assert np.flatnonzero(found["x"].T.ravel()).tolist() == [8, 9, 10, 11]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_symmetric_pair_labels_either_picture_by_the_other(orientation: str) -> None:
    mask = np.zeros(SPEC.image_shape, bool)
    mask[10:50, 20:130] = True
    turned = orient(mask, orientation)
    rows = [("a", 2, encode(mask)), ("b", 2, encode(turned))]
    masks = Masks(pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"]), SPEC)
    pictures = held(a=STEEL[0], b=np.ascontiguousarray(orient(STEEL[0], orientation)))
    pairs = symmetric_pairs(find_duplicates(pictures), masks)
    assert pairs[["first", "second"]].to_numpy().tolist() == [["a", "b"], ["b", "a"]]
    found = lookup_masks(pairs, ["a", "b"], masks, SPEC)
    assert np.array_equal(found["a"], 2 * mask)
    assert np.array_equal(found["b"], 2 * turned)


def test_no_pair_is_no_symmetric_pair() -> None:
    masks = Masks(pd.DataFrame(columns=["ImageId", "ClassId", "EncodedPixels"]), SPEC)
    assert symmetric_pairs(find_duplicates(held(a=STEEL[0], b=STEEL[1])), masks).empty
