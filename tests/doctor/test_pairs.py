"""Order, missing pairs and overlaps, compared with rendered masks."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from severstal.competition.rle import encode
from severstal.competition.rows import TableRow
from severstal.competition.spec import Spec
from severstal.doctor.pairs import arrange, find_disorder, find_missing_pairs, find_overlaps
from severstal.doctor.table import Table

SPEC = Spec("tiny", (4, 6), ("a", "b", "c"))
TODAY = ("ImageId", "ClassId", "EncodedPixels")


def table(rows: list[tuple[str, ...]], header: tuple[str, ...] = TODAY) -> Table:
    return Table(Path("a.csv"), header, rows, "today" if len(header) == 3 else "2019", SPEC)


@settings(max_examples=100, deadline=None)
@given(arrays(np.uint8, (4, *SPEC.image_shape), elements=st.sampled_from([0, 0, 0, 0, 0, 1])))
def test_overlaps_are_those_of_the_drawn_masks(masks: np.ndarray) -> None:
    names = [("a.jpg", "1"), ("b.jpg", "1"), ("a.jpg", "2"), ("a.jpg", "3")]
    found = find_overlaps(table([(*name, encode(mask)) for name, mask in zip(names, masks, strict=True)]))
    assert (found is not None) == bool(((masks[0] + masks[2] + masks[3]) > 1).any())


def test_a_pair_named_twice_is_no_overlap_of_classes() -> None:
    assert find_overlaps(table([("a.jpg", "1", "5 3"), ("a.jpg", "1", "5 3"), ("b.jpg", "2", "5 3")])) is None


def test_order_is_by_name_and_class_or_by_the_sample() -> None:
    rows = [("a.jpg", "2", "5 3"), ("b.jpg", "1", "5 3"), ("b.jpg", "3", "5 3")]
    assert find_disorder(table(rows), None) is None
    found = find_disorder(table(rows), ["b.jpg", "a.jpg"])
    assert found.examples == ("row 2: image b.jpg class 1 stands below image a.jpg class 2",)
    assert find_disorder(table(rows[::-1]), None).count == 2
    sorted_again = arrange(table(rows[::-1]), set(), [], None, sort=True)
    assert [tuple(cells) for cells in sorted_again.cells] == rows


def test_rows_are_left_out_and_added() -> None:
    rows = [("b.jpg", "1", "5 3"), ("b.jpg", "1", "5 3")]
    made = arrange(table(rows), {1}, [TableRow("a.jpg", "2", "")], None, sort=True)
    assert made.rows == [TableRow("a.jpg", "2", ""), TableRow("b.jpg", "1", "5 3")]


def test_labels_need_no_row_for_a_clean_image_and_submissions_do() -> None:
    assert find_missing_pairs(table([("a.jpg", "1", "5 3")]), ["a.jpg", "b.jpg"]) == (None, [])
    header = ("ImageId", "EncodedPixels", "ClassId")
    found, added = find_missing_pairs(table([("a.jpg", "", "1")], header), ["a.jpg", "b.jpg"])
    assert (found.count, added) == (1, [TableRow("b.jpg", "1", "")])


def test_2019_names_every_pair_unless_all_the_empty_ones_were_taken_out() -> None:
    header = ("ImageId_ClassId", "EncodedPixels")
    assert find_missing_pairs(table([("a.jpg_1", "5 3")], header), None) == (None, [])
    found, added = find_missing_pairs(table([("a.jpg_1", "5 3"), ("a.jpg_3", "")], header), None)
    assert (found.count, added) == (1, [TableRow("a.jpg", "2", "")])
