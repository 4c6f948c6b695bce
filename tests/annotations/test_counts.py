"""Run lengths as pycocotools has them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from severstal.annotations.counts import compress, counts_of, decompress, mask_of

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=30))


@given(MASKS)
@settings(max_examples=200, deadline=None)
def test_compressed_text_is_that_of_pycocotools(mask):
    reference = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    text = compress(counts_of(mask))
    assert text == reference["counts"].decode()
    np.testing.assert_array_equal(mask_of(decompress(text, "a"), mask.shape, "a"), mask)


@given(MASKS, st.sampled_from(["columns", "rows"]))
def test_plain_counts_come_back(mask, order):
    np.testing.assert_array_equal(mask_of(counts_of(mask, order), mask.shape, "a", order), mask)


@given(st.lists(st.integers(0, 2**31), max_size=20))
def test_large_counts_come_back(counts):
    assert decompress(compress(counts), "a") == counts


@pytest.mark.parametrize(
    "counts", [[7], [5], [-1, 7], [1.0, 5], [True, 5], ["6"], [10**30], [], [float("nan"), 6]]
)
def test_impossible_counts_are_refused(counts, fault):
    assert fault(mask_of, counts, (2, 3), "a.json annotation 1").startswith("a.json annotation 1: ")


@pytest.mark.parametrize("text", ["o" * 40, "o", "0 3", "é", "\n"])
def test_broken_texts_are_refused(text, fault):
    assert fault(decompress, text, "a.json").startswith("a.json: ")


def test_a_negative_difference_is_refused(fault):
    assert "count -" in fault(mask_of, decompress(compress([1, 2, 1, -4]), "a"), (2, 3), "a")
