"""Degraded masks against SciPy, and the real labels against the known ceilings."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from severstal.competition.rle import decode, encode
from severstal.competition.spec import SEVERSTAL, Spec
from severstal.competition.tables import read_labels
from severstal.evaluation.label_ceiling import degradations, measure_ceiling

SPEC = Spec("drawn", (20, 30), ("hole", "crack"))
BOX = np.ones((3, 3))
MASKS = arrays(np.uint8, SPEC.image_shape, elements=st.integers(0, 1)).filter(np.any)


def way(name, spec=SPEC):
    return next(how for title, how in degradations(spec.pixels).items() if title.startswith(name))


@settings(max_examples=60, deadline=None)
@given(MASKS)
def test_each_degradation_agrees_with_scipy(mask):
    before = mask.copy()
    labels, _ = ndimage.label(mask, BOX)
    boxes = np.zeros_like(mask)
    for box in ndimage.find_objects(labels):
        boxes[box] = 1
    # SciPy's hole is ringed by pixels that touch at corners, too, as OpenCV's is.
    holes = ndimage.binary_fill_holes(mask)
    expected = {
        "1 pixel wider": ndimage.binary_dilation(mask, BOX),
        "1 pixel narrower": ndimage.binary_erosion(mask, BOX, border_value=1),
        "bounding box": boxes,
        "holes filled": holes,
        "shifted 3": ndimage.shift(mask, (0, 3), order=0),
    }
    for name, degraded in expected.items():
        assert np.array_equal(way(name)(mask), degraded), name
    assert np.array_equal(mask, before)  # none changes the mask it was given


@settings(max_examples=60, deadline=None)
@given(MASKS)
def test_a_late_run_is_that_of_an_off_by_one_decoder(mask):
    numbers = np.array(encode(mask).split(), int)
    flat = np.zeros(mask.size, np.uint8)
    for start, length in numbers.reshape(-1, 2):
        flat[start : start + length] = 1  # without taking the one off
    assert np.array_equal(way("every run")(mask), flat.reshape(mask.shape, order="F"))
    flat = decode(encode(mask), mask.shape).ravel(order="F")
    assert np.array_equal(way("read row by row")(mask), flat.reshape(mask.shape))


def test_small_components_and_masks_are_removed():
    spec = Spec("wide", (100, 400), ("hole",))  # minima of 60 and 340 pixels
    mask = np.zeros(spec.image_shape, np.uint8)
    mask[:6, :10] = 1  # 60 pixels
    mask[50:55, 50:61] = 1  # 55 pixels
    pieces = way("components below 60", spec)(mask)
    assert pieces.sum() == 60
    assert pieces[0, 0] == 1
    assert way("masks below 60", spec)(mask).sum() == 115
    assert way("masks below 340", spec)(mask).sum() == 0


def test_coarse_masks_keep_what_is_aligned():
    mask = np.zeros(SEVERSTAL.image_shape, np.uint8)
    mask[64:128, 400:800] = 1
    for name, corners in (("at half", 0), ("at a quarter", 4)):
        assert (way(name, SEVERSTAL)(mask) != mask).sum() == corners


def test_ceiling_weighs_classes_by_their_masks():
    rng = np.random.default_rng(0)
    rows = [("a", 1, encode(np.ones(SPEC.image_shape, np.uint8)))]
    rows += [(f"{k}", 2, encode(rng.random(SPEC.image_shape) < 0.3)) for k in range(9)]
    table = pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"])
    ceiling = measure_ceiling(table, SPEC)
    assert ceiling.columns.tolist() == [1, 2, "all"]
    np.testing.assert_allclose(ceiling["all"], 0.1 * ceiling[1] + 0.9 * ceiling[2])
    assert ceiling.to_numpy().min() >= 0
    assert ceiling.to_numpy().max() <= 1
    assert measure_ceiling(table, SPEC, most=3)[1].equals(ceiling[1])


def test_without_a_mask_there_is_no_ceiling():
    table = pd.DataFrame({"ImageId": [], "ClassId": [], "EncodedPixels": []})
    assert measure_ceiling(table, SPEC).empty


@pytest.mark.slow
def test_the_real_labels_have_the_known_ceilings(real_data):
    table = read_labels(real_data / "severstal" / "reference" / "train_rle.csv", SEVERSTAL)
    ceiling = measure_ceiling(table, SEVERSTAL, most=120)
    # Computed by others on 2,845 of the real masks, classes 1 to 4.
    known = {
        "read row by row instead of column by column": (0.011, 0.008, 0.063, 0.091),
        "every run one pixel late": (0.975, 0.991, 0.986, 0.984),
        "at half the resolution": (0.996, 0.997, 0.998, 0.999),
        "at a quarter of the resolution": (0.986, 0.989, 0.992, 0.995),
        "1 pixel wider all around": (0.930, 0.923, 0.952, 0.973),
        "1 pixel narrower all around": (0.921, 0.906, 0.944, 0.970),
        "shifted 3 pixels to the right": (0.852, 0.775, 0.887, 0.962),
        "bounding box of each component": (0.822, 0.828, 0.835, 0.754),
        "holes filled": (1, 1, 1, 1),
    }
    for name, scores in known.items():
        np.testing.assert_allclose(ceiling.loc[name, [1, 2, 3, 4]].to_numpy(float), scores, atol=0.02)
