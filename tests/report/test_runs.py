"""The list of runs is aligned at any length of the names."""

import math
from dataclasses import replace

from severstal.report.runs import format_runs
from severstal.runs.rows import RunRow, RunTable

ROW = RunRow("a", "plain", (), "/data/tiles", 1, 3, 12, 0.9, "validation", 90.0, "c0ffee" * 6)


def test_columns_stand_below_their_heads() -> None:
    rows = (
        replace(ROW, name="x" * 60, recipe="y" * 60, input="/z" + "z" * 60, epochs=20_000, seconds=1e6),
        ROW,
        replace(ROW, score=math.nan, score_of=None, seconds=5.0, commit=None, epochs=0),
        replace(ROW, score=0.91234, score_of="out of fold"),
    )
    head, *lines = format_runs(RunTable(rows, (("foreign", "no recipe.toml"),))).splitlines()
    table, notes = lines[:4], lines[4:]
    for name in ("recipe", "input", "folds", "score", "commit"):
        at = head.index(f" {name}") + 1
        assert all(line[at] != " " and line[at - 1] == " " for line in table), name
    assert [line.split()[-1] for line in table] == ["c0ffeec0f", "c0ffeec0f", "-", "c0ffeec0f"]
    assert "0.9123 oof" in table[3]
    assert "0.9000 val" in table[1]
    assert "  277.8 h  " in table[0]
    assert "…" in table[0]
    assert [note.split()[0] for note in notes] == ["oof:", "val:", "foreign:"]
    ordinary = format_runs(RunTable((replace(ROW, name="champion_small-severstal"),), ())).splitlines()
    assert max(map(len, ordinary)) <= 120


def test_only_the_sources_shown_are_explained() -> None:
    assert "oof:" not in format_runs(RunTable((ROW,), ()))
    assert "val:" not in format_runs(RunTable((replace(ROW, score_of="out of fold"),), ()))


def test_without_runs_the_text_says_how_to_make_one() -> None:
    lines = format_runs(RunTable((), (("b", "damaged"),))).splitlines()
    assert "`severstal train RECIPE --input FOLDER` makes one" in lines[0]
    assert lines[1:] == ["b: not a run (damaged)"]
