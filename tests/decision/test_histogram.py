"""Counting values: against NumPy, on maps of every kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.decision import histogram
from severstal.decision.histogram import at_least


def slowly(values: np.ndarray) -> list[int]:
    return [int((values >= value).sum()) for value in range(256)]


@given(st.integers(0, 2**32), st.sampled_from([0, 1, 7, 8, 24, 64, 300]), st.sampled_from([1, 3, 4, 5, 256]))
@settings(max_examples=60, deadline=None)
def test_counts_of_any_size_and_spread(seed, size, below):
    random = np.random.default_rng(seed)
    values = random.integers(0, below, size).astype(np.uint8)
    values[random.random(size) < 0.05] = random.integers(0, 256)
    assert at_least(values).tolist() == slowly(values)


@pytest.mark.parametrize("high", [0, 1, 300, 40_000])
def test_maps_with_few_and_many_high_values(high):
    plane = np.random.default_rng(0).integers(0, 4, (256, 400), np.uint8)
    plane.ravel()[:high] = 200
    assert at_least(plane).tolist() == slowly(plane)
    assert at_least(plane[:, ::2]).tolist() == slowly(plane[:, ::2])
    assert at_least(plane.T).tolist() == slowly(plane)


@pytest.mark.parametrize("extra", [0, 1, 3])
def test_counts_beyond_what_float32_holds(extra):
    values = np.zeros(histogram._FLOAT32_WHOLE + extra, np.uint8)
    assert at_least(values)[:2].tolist() == [len(values), 0]
