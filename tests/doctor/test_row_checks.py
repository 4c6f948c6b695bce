"""Every message that a row can bring about belongs to a kind of finding."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from severstal.competition.spec import Spec
from severstal.doctor.row_checks import find_row_faults, group_faults, is_placeholder, rewrite
from severstal.doctor.table import Table

SPEC = Spec("tiny", (5, 9), ("a", "b", "c"))


def table(*rows: tuple[str, str, str]) -> Table:
    from pathlib import Path

    return Table(
        Path("a.csv"), ("ImageId", "ClassId", "EncodedPixels"), [list(row) for row in rows], "today", SPEC
    )


CELL = st.sampled_from(
    ["", "0", "1", "2", "9", " 3", "x", "a.jpg", "b.jpg", "5 3", "5 0", "0 1", "9 2 5 1", "44 9"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(CELL, CELL, st.one_of(CELL, st.text(max_size=8))), max_size=5))
def test_every_fault_is_counted_once(rows: list[tuple[str, str, str]]) -> None:
    some = table(*rows)
    for found in (find_row_faults(some, ["a.jpg", "1"], "the pictures"), some.run_faults):
        assert sum(finding.count for finding in group_faults(some, found, ())) == len(found)


def test_faults_of_a_sort_stand_together_with_examples() -> None:
    rows = [(f"{k}.jpg", "7", "5 3") for k in range(9)] + [("z.jpg", "", "5 3")]
    some = table(*rows)
    first, second = group_faults(some, find_row_faults(some, None, ""), {0, 1})
    assert (first.count, len(first.examples), second.count) == (9, 5, 1)
    assert first.repaired
    assert "2 of 9 repaired" in first.repair
    assert not second.repaired


@pytest.mark.parametrize(
    ("runs", "written"),
    [
        ("9 2 5 1", "5 1 9 2"),
        ("5 0 9 2", "9 2"),
        ("+5\t3.0", "5 3"),
        ("005 3 ", "005 3 "),  # legal as it stands
        ("5 3 6 1", "5 3 6 1"),
        ("5 0", "5 0"),
        ("5", "5"),
        ("5.5 3", "5.5 3"),
        ("44 9", "44 9"),
    ],
)
def test_only_what_keeps_its_meaning_is_rewritten(runs: str, written: str) -> None:
    assert rewrite(table(("a.jpg", "1", runs))).rows[0].runs == written


@pytest.mark.parametrize(
    ("text", "class_text"), [("2.0", "2"), (" 3", "3"), ("2.5", "2.5"), ("4.0", "4.0"), ("", "")]
)
def test_classes_are_rewritten_where_there_is_such_a_class(text: str, class_text: str) -> None:
    assert rewrite(table(("a.jpg", text, "5 3"))).rows[0].class_text == class_text


def test_a_sample_is_known_by_its_masks() -> None:
    assert is_placeholder(table(*[(f"{k}.jpg", "1", "1 1") for k in range(8)]))
    assert not is_placeholder(table(*[(f"{k}.jpg", "1", "") for k in range(8)]))
    assert not is_placeholder(table(*[(f"{k}.jpg", "1", f"{k + 1} 1") for k in range(8)]))
