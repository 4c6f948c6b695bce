"""Areas counted on runs are those of the drawn masks."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.areas import area, shared_area
from severstal.competition.rle import decode, encode
from severstal.competition.spec import SEVERSTAL
from severstal.competition.tables import read_labels

SHAPE = (5, 7)
MASKS = st.lists(st.lists(st.booleans(), min_size=35, max_size=35), min_size=0, max_size=5)


@settings(max_examples=150, deadline=None)
@given(MASKS)
def test_areas_are_those_of_the_pictures(masks):
    drawn = [np.array(mask).reshape(SHAPE) for mask in masks]
    texts = [encode(mask) for mask in drawn]
    assert [area(text) for text in texts] == [int(mask.sum()) for mask in drawn]
    assert shared_area(texts) == (int((np.sum(drawn, axis=0) > 1).sum()) if drawn else 0)


def test_touching_runs_and_odd_spaces_count_once():
    texts = ["1 2 3 4", " 5  9 ", "007 1"]
    drawn = [decode(text, SHAPE) for text in texts]
    assert [area(text) for text in texts] == [6, 9, 1]
    assert shared_area(texts) == int((np.sum(drawn, axis=0) > 1).sum())


def test_real_masks(real_data):
    texts = read_labels(real_data / "severstal" / "train.csv", SEVERSTAL)["EncodedPixels"].tolist()
    for one, two in pairwise(texts):
        masks = [decode(text, SEVERSTAL.image_shape) for text in (one, two)]
        assert shared_area([one, two]) == np.count_nonzero(masks[0] & masks[1])
