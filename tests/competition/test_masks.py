"""Tables become bitmasks."""

import numpy as np
import pandas as pd
import pytest

from severstal.competition.masks import Masks
from severstal.competition.rle import encode
from severstal.competition.shapes import Shapes
from severstal.competition.spec import SEVERSTAL, Spec
from severstal.competition.tables import read_labels

COLUMNS = ["ImageId", "ClassId", "EncodedPixels"]


@pytest.mark.parametrize("classes", [1, 4, 8, 9, 16])
def test_bits_are_the_classes_and_overlaps_survive(classes):
    spec = Spec("s", (5, 7), tuple(f"c{k}" for k in range(classes)))
    drawn = np.random.default_rng(classes).random((classes, 5, 7)) < 0.4  # (C, H, W)
    table = pd.DataFrame([("a", k + 1, encode(mask)) for k, mask in enumerate(drawn)], columns=COLUMNS)
    bits = Masks(table, spec)["a"]
    assert bits.dtype == spec.mask_dtype
    assert bits.shape == (5, 7)
    assert bits.flags.c_contiguous
    for k, mask in enumerate(drawn):
        np.testing.assert_array_equal(bits >> k & 1, mask)


def test_a_clean_image_is_zeros_of_its_own():
    masks = Masks(pd.DataFrame(columns=COLUMNS), SEVERSTAL)
    first = masks["any.jpg"]
    assert first.shape == SEVERSTAL.image_shape
    first[:] = 1
    assert not masks["any.jpg"].any()


def test_presence_and_areas_of_the_real_labels(real_data):
    folder = real_data / "severstal"
    masks = Masks(read_labels(folder / "train.csv", SEVERSTAL), SEVERSTAL)
    names = sorted(entry.name for entry in (folder / "train_images").iterdir())
    stated = pd.read_csv(folder / "reference" / "class_presence_all.csv", index_col="ImageId")
    areas = pd.read_csv(folder / "reference" / "class_area_pct_all.csv", index_col="ImageId")
    known = [name for name in names if name in stated.index]
    assert len(known) > 50
    np.testing.assert_array_equal(masks.presence(known), stated.loc[known].to_numpy(bool))
    for name in known:
        percent = [100 * np.mean(masks[name] >> k & 1) for k in range(4)]
        np.testing.assert_allclose(percent, areas.loc[name], atol=0.0051)  # the file holds two decimals
    assert masks.presence([]).shape == (0, 4)


def test_masks_of_pictures_of_many_sizes_share_one_buffer():
    known = {"a": (3, 5), "b": (40, 2), "c": (1, 9), "d": (6, 6)}
    spec = Spec("tiles", None, ("hole", "crack"), Shapes(known=known))
    rng, truth, rows = np.random.default_rng(0), {}, []
    for name, shape in known.items():
        truth[name] = np.zeros(shape, np.uint8)
        for class_id in (1, 2):
            mask = rng.random(shape) < 0.4
            truth[name] |= mask.astype(np.uint8) << (class_id - 1)
            rows.append((name, class_id, encode(mask)))
    masks = Masks(pd.DataFrame(rows, columns=["ImageId", "ClassId", "EncodedPixels"]), spec)
    for name in ("a", "b", "c", "d", "a", "b"):
        assert np.array_equal(masks[name], truth[name])
        assert np.array_equal(masks.draw(name, np.full(known[name], 9, np.uint8)), truth[name])
