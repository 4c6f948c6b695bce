"""Outlines are counted as a loop over the pixels counts them."""

from itertools import product

import numpy as np

from severstal.doctor.outline import measure_outlines, read_directions
from severstal.doctor.table import MaskRuns

SHAPE = (6, 9)


def runs_of(*masks: np.ndarray) -> MaskRuns:
    starts, rows = [], []
    for row, mask in enumerate(masks):
        pixels = np.flatnonzero(mask.ravel("F"))
        starts += pixels.tolist()
        rows += [row] * len(pixels)
    return MaskRuns(np.array(starts), np.ones(len(starts), int), np.array(rows), np.arange(len(masks)))


def loop(mask: np.ndarray, height: int) -> int:
    """Neighbours that differ in a picture of that height, whose columns lie end to end."""
    text = mask.ravel("F")
    return sum(text[k] != text[k + step] for step in (1, height) for k in range(len(text) - step))


def test_lengths_are_those_of_a_loop() -> None:
    random = np.random.default_rng(0)
    masks = [random.integers(0, 2, SHAPE, np.uint8) for _ in range(5)]
    as_is, written, read = measure_outlines(runs_of(*masks), SHAPE)
    for index, mask in enumerate(masks):
        assert as_is[index] == loop(mask, SHAPE[0])
        assert written[index] == loop(mask, SHAPE[1])
        assert read[index] == loop(mask.ravel("C").reshape(SHAPE, order="F"), SHAPE[0])


def test_the_direction_of_a_blob_is_read_and_that_of_a_dot_is_not() -> None:
    blob, dot = np.zeros((40, 100), np.uint8), np.zeros((40, 100), np.uint8)
    for y, x in product(range(10, 25), range(30, 60)):
        blob[y, x] = 1
    dot[20, 50] = 1
    written = blob.ravel("C").reshape(blob.shape, order="F")
    read = blob.ravel("F").reshape(blob.shape)
    found = read_directions(measure_outlines(runs_of(blob, dot, written, read), blob.shape))
    assert found[None].tolist() == [True, False, False, False]
    assert found["written by rows"].tolist() == [False, False, True, False]
    assert found["read by rows"].tolist() == [False, False, False, True]
