"""Tables too small to judge are reported as such, and small faults are not taken for large ones."""

from pathlib import Path

import numpy as np
import pytest

from severstal.competition.rle import encode
from severstal.competition.spec import Spec
from severstal.doctor.displaced import find_by_rows, find_shifts, undo_in_rows
from severstal.doctor.table import Table

SPEC = Spec("small", (40, 100), ("a",))


def table_of(masks: list[np.ndarray]) -> Table:
    cells = [[f"{k:03}.jpg", "1", encode(mask)] for k, mask in enumerate(masks)]
    return Table(Path("a.csv"), ("ImageId", "ClassId", "EncodedPixels"), cells, "today", SPEC)


@pytest.fixture
def masks() -> list[np.ndarray]:
    random, drawn = np.random.default_rng(0), []
    for _ in range(120):
        mask = np.zeros(SPEC.image_shape, np.uint8)
        top, left = random.integers(-8, 36), random.integers(-8, 92)
        mask[max(top, 0) : top + 14, max(left, 0) : left + 18] = 1
        drawn.append(mask)
    return drawn


def test_sound_masks_have_no_finding(masks: list[np.ndarray]) -> None:
    for find in (find_by_rows, find_shifts):
        assert find(table_of(masks)).findings == ()


def test_on_any_data_set_a_start_off_by_one_is_certain(masks: list[np.ndarray]) -> None:
    planted = [np.roll(mask.ravel("F"), 1).reshape(SPEC.image_shape, order="F") for mask in masks]
    step = find_shifts(table_of(planted))
    (finding,) = step.findings
    assert finding.certain
    assert "down by a pixel along" in finding.what
    assert step.table.rows == table_of(masks).rows


def test_on_another_data_set_a_cut_shift_is_only_likely_and_left_alone(masks: list[np.ndarray]) -> None:
    planted = [np.pad(mask, ((1, 0), (0, 0)))[:-1] for mask in masks]
    step = find_shifts(table_of(planted))
    (finding,) = step.findings
    assert "down by a pixel," in finding.what
    assert finding.certainty == 0.9
    assert step.table.rows == table_of(planted).rows


def test_a_margin_on_every_side_is_no_shift(masks: list[np.ndarray]) -> None:
    inner = np.zeros(SPEC.image_shape, np.uint8)
    inner[1:-1, 1:-1] = 1
    assert find_shifts(table_of([mask * inner for mask in masks])).findings == ()


def test_few_masks_are_reported_to_be_too_few(masks: list[np.ndarray]) -> None:
    assert "too few masks" in find_shifts(table_of(masks[:5])).untested[0]
    assert "decoding by rows" in find_by_rows(table_of(masks[:3])).untested[0]


def test_undoing_some_rows_leaves_the_others(masks: list[np.ndarray]) -> None:
    table = table_of(masks[:4])
    repaired = undo_in_rows(table, "flipped top to bottom", [1, 3])
    changed = [one != other for one, other in zip(table.rows, repaired.rows, strict=True)]
    assert changed == [False, True, False, True]
    assert repaired.rows[1].runs == encode(masks[1][::-1])
