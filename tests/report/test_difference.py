"""The text of a difference names where two submissions differ."""

import pandas as pd
import pytest

from severstal.competition.difference import compare_tables
from severstal.competition.spec import Spec
from severstal.report.difference import format_difference

COLUMNS = ["ImageId", "ClassId", "EncodedPixels"]
NAMES = ("first.csv", "second.csv")


def moved(labelled):
    """The labels with every third mask gone, every third on another class, the others as they are."""
    table = labelled.table.copy()
    classes = len(labelled.spec.classes)
    table.loc[table.index % 3 == 1, "ClassId"] = 1 + table["ClassId"] % classes
    return table[table.index % 3 != 0].drop_duplicates(["ImageId", "ClassId"])


def test_the_text_holds_every_figure(labelled):
    found = compare_tables(labelled.table, moved(labelled), labelled.images, labelled.spec)
    lines = format_difference(found, NAMES, 5).splitlines()
    assert lines[:2] == ["A first.csv", "B second.csv"]
    assert f"in {found.differing} of {found.pairs} pairs" in lines[3]
    assert f"in {found.differing_images} of 12 images" in lines[3]
    assert lines[4].endswith(f"the other would score {found.score:.4f}.")
    shown = float(lines[5].split()[-2])
    assert found.apart <= shown < found.apart + 1.01e-4
    rows = lines[8 : 8 + len(found.classes)]
    for row, part in zip(rows, found.classes, strict=True):
        counts = [part.both_empty, part.only_a, part.only_b, part.both, part.alike]
        means = ["-"] * 4 if part.dice is None else [f"{part.dice:.4f}", f"{part.area_a:,.0f}"]
        wanted = [*map(str, counts), *means]
        at = 9 if part.dice is None else 10  # "%" stands apart
        assert row.split()[-at:][: len(wanted)] == wanted
        assert row.startswith(f"{part.class_id} ")
    listed = lines[11 + len(rows) :]
    assert [line.split()[0] for line in listed[: found.differing]][:5] == found.table["ImageId"].tolist()[:5]
    if found.differing > 5:
        assert listed[5:] == [f"and {found.differing - 5} more"]


def test_lines_are_aligned_and_fit():
    spec = Spec("s", (1000, 2000), ("a name that is longer than any table can bear, by far", "b"))
    a = pd.DataFrame([(f"{k}" * 99, 1, "1 1999999") for k in range(3)], columns=COLUMNS)
    b = pd.DataFrame([("x.jpg", 2, "1 9"), ("0" * 99, 1, "1 1999998")], columns=COLUMNS)
    images = [*a["ImageId"], "x.jpg", *map(str, range(100_000, 110_000))]
    lines = format_difference(compare_tables(a, b, images, spec), ("long " * 40, "b"), 9).splitlines()
    assert max(map(len, lines)) <= 100
    assert len({len(line) for line in lines[8:10]}) == 1
    assert len({len(line) for line in lines[12:]}) == 1


@pytest.mark.parametrize("most", [0, 1])
def test_nothing_is_listed_where_nothing_is_asked_for_or_differs(labelled, most):
    same = compare_tables(labelled.table, labelled.table, labelled.images, labelled.spec)
    pairs = 12 * len(labelled.spec.classes)
    assert format_difference(same, NAMES, most).splitlines()[3:] == [f"The same masks in all {pairs} pairs."]
    found = compare_tables(labelled.table, labelled.table.iloc[:-1], labelled.images, labelled.spec)
    assert ("only in A" in format_difference(found, NAMES, most)) == (most == 1)
