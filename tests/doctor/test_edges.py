"""Borders are measured as on the drawn mask, and marks are those of masks that were shifted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from severstal.competition.rle import encode
from severstal.doctor.edges import gaps, measure_borders, wrapped
from severstal.doctor.table import MaskRuns

SHAPE = (7, 11)


def runs_of(*masks: np.ndarray) -> MaskRuns:
    numbers = [np.array(encode(mask).split(), int) for mask in masks]
    flat = np.concatenate(numbers)
    rows = np.arange(len(masks))
    return MaskRuns(flat[::2] - 1, flat[1::2], np.repeat(rows, [len(n) // 2 for n in numbers]), rows)


@settings(max_examples=80, deadline=None)
@given(arrays(np.uint8, SHAPE, elements=st.integers(0, 1)).filter(np.any))
def test_borders_are_those_of_the_drawn_mask(mask: np.ndarray) -> None:
    borders = measure_borders(runs_of(mask), SHAPE)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert borders.top[0] == rows[0]
    assert borders.bottom[0] == SHAPE[0] - 1 - rows[-1]
    assert borders.left[0] == columns[0]
    assert borders.right[0] == SHAPE[1] - 1 - columns[-1]


def blob(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    mask = np.zeros(SHAPE, np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


@pytest.mark.parametrize(
    ("mask", "shift", "kind"),
    [
        (blob(3, 7, 2, 6), lambda m: np.roll(m.ravel("F"), 1).reshape(SHAPE, order="F"), "down"),
        (blob(0, 4, 2, 6), lambda m: np.roll(m.ravel("F"), -1).reshape(SHAPE, order="F"), "up"),
        (blob(3, 7, 2, 6), lambda m: np.roll(m, 1, axis=0), "down within columns"),
        (blob(0, 4, 2, 6), lambda m: np.roll(m, -1, axis=0), "up within columns"),
        (blob(2, 5, 7, 11), lambda m: np.roll(m, 1, axis=1), "right"),
        (blob(2, 5, 0, 4), lambda m: np.roll(m, -1, axis=1), "left"),
    ],
)
def test_a_shifted_blob_bears_the_mark_of_its_shift_alone(mask: np.ndarray, shift, kind: str) -> None:
    before, after = wrapped(runs_of(mask), SHAPE), wrapped(runs_of(shift(mask)), SHAPE)
    assert not any(marks[0] for marks in before.values())
    assert [name for name, marks in after.items() if marks[0]] == [kind]


def test_masks_from_border_to_border_bear_no_mark() -> None:
    for mask in (blob(0, 7, 3, 6), blob(2, 5, 0, 11), blob(0, 7, 0, 11)):
        assert not any(marks[0] for marks in wrapped(runs_of(mask), SHAPE).values())


def test_gaps_count_masks_by_their_distance() -> None:
    runs = runs_of(blob(1, 4, 2, 5), blob(1, 7, 2, 5), blob(2, 7, 2, 5))
    assert gaps(runs, SHAPE)["down within columns"] == (0, 2, 1, 2)
