"""Tables are read as they stand, and drawn as an independent decoder draws them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from severstal.competition.rle import encode
from severstal.competition.rows import TableRow
from severstal.competition.spec import Spec
from severstal.doctor.table import MaskRuns, Table, open_table, write_table

SPEC = Spec("tiny", (5, 130), ("a", "b"))


def table(*texts: str) -> Table:
    cells = [[f"{k}.jpg", "1", text] for k, text in enumerate(texts)]
    return Table(Path("a.csv"), ("ImageId", "ClassId", "EncodedPixels"), cells, "today", SPEC)


@settings(max_examples=60, deadline=None)
@given(st.lists(arrays(np.uint8, SPEC.image_shape, elements=st.integers(0, 1)), min_size=1, max_size=4))
def test_masks_come_back_as_drawn(masks: list[np.ndarray]) -> None:
    drawn = dict(table(*map(encode, masks)).runs.draw(SPEC.image_shape))
    for row, mask in enumerate(masks):
        if mask.any():
            np.testing.assert_array_equal(drawn[row], mask)
        else:
            assert row not in drawn


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("shift", [-1, 1, 5])
def test_what_leaves_the_picture_comes_in_on_the_other_side(shift: int, many: bool) -> None:
    mask = np.zeros(SPEC.pixels, np.uint8)
    mask[[0, 1, -4, -2, -1]] = 1
    if many:
        mask[10:600:3] = 1
    runs = table(encode(mask.reshape(130, 5).T)).runs
    moved = MaskRuns(runs.start + shift, runs.length, runs.row, runs.rows)
    ((_, drawn),) = moved.draw(SPEC.image_shape)
    np.testing.assert_array_equal(drawn.T.ravel(), np.roll(mask, shift))


def test_shifted_texts_are_read_and_broken_ones_left_out() -> None:
    texts = ("5 3", "0 3", "648 3 651 2", "9 2 5 1", "5 0", "5", "x", "", "9 99999999999999999999")
    assert table(*texts).runs.rows.tolist() == [0, 1, 2]
    assert table(*texts).runs.start.tolist() == [4, -1, 647, 650]


def test_rows_without_a_class_have_no_runs() -> None:
    odd = table("5 3", "5 3").changed({1: TableRow("1.jpg", "7", "5 3")})
    assert odd.labelled.tolist() == [1, 0]
    assert odd.runs.rows.tolist() == [0]


def test_a_table_is_written_as_it_was_read(tmp_path: Path) -> None:
    source = "x,ImageId_ClassId,EncodedPixels\n7,a_b.jpg_1,5 3\n,a_b.jpg_2,\n"
    (tmp_path / "a.csv").write_text(source)
    read = open_table(tmp_path / "a.csv", SPEC)
    write_table(tmp_path / "b.csv", read)
    assert (tmp_path / "b.csv").read_text() == source
    write_table(tmp_path / "b.csv", read.changed({0: TableRow("a_b.jpg", "2", "6 3")}))
    assert (tmp_path / "b.csv").read_text() == source.replace("jpg_1,5", "jpg_2,6")
