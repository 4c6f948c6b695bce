"""Scores are kept for the bytes they belong to; what is no leaderboard is an error."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from severstal.errors import SeverstalError
from severstal.runs.leaderboard import (
    COLUMNS,
    NAME,
    enter_scores,
    format_leaderboard,
    read_leaderboard,
    record_submission,
)


def write(path: Path, text: str = "first") -> Path:
    path.write_text(text)
    return path


def test_one_row_per_submission_in_the_order_of_writing(tmp_path: Path) -> None:
    record_submission(write(tmp_path / "a.csv"), {"runs": "smoke", "oof": 0.9, "low": 0.88, "high": 0.92})
    record_submission(write(tmp_path / "b.csv"), {"runs": "a + b", "oof": 0.91, "test": 0.87})
    table = read_leaderboard(tmp_path)
    assert tuple(table.columns) == COLUMNS
    assert table["file"].tolist() == ["a.csv", "b.csv"]
    assert table["oof"].tolist() == [0.9, 0.91]
    assert table["test"].isna().tolist() == [True, False]


def test_scores_stay_with_the_same_bytes_and_never_go_to_others(tmp_path: Path) -> None:
    csv = write(tmp_path / "a.csv")
    record_submission(csv, {"oof": 0.9})
    enter_scores(csv, public=0.91234)
    enter_scores(csv, private=0.90123)
    record_submission(csv, {"oof": 0.9})
    table = read_leaderboard(tmp_path)
    assert table[["public", "private"]].to_numpy().tolist() == [[0.91234, 0.90123]]
    record_submission(write(csv, "second"), {"oof": 0.92})
    table = read_leaderboard(tmp_path)
    assert table["public"].isna().tolist() == [False, True]
    assert table["oof"].tolist() == [0.9, 0.92]
    assert len(set(table["sha256"])) == 2


def test_scores_are_refused_for_a_changed_submission(tmp_path: Path) -> None:
    csv = write(tmp_path / "a.csv")
    record_submission(csv, {})
    write(csv, "by hand")
    with pytest.raises(SeverstalError, match=r"a\.csv: not in .*leaderboard\.csv, or changed since"):
        enter_scores(csv, public=0.9)
    with pytest.raises(SeverstalError, match=r"b\.csv: no such file"):
        enter_scores(tmp_path / "b.csv", public=0.9)


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan"), 91.2])
def test_scores_outside_0_to_1_are_refused(tmp_path: Path, score: float) -> None:
    csv = write(tmp_path / "a.csv")
    record_submission(csv, {})
    with pytest.raises(SeverstalError, match=r"--private .*: give a score from 0 to 1"):
        enter_scores(csv, private=score)


def test_parallel_writers_lose_no_submission(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{index}.csv", str(index)) for index in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda csv: record_submission(csv, {"oof": 0.9}), files))
    assert sorted(read_leaderboard(tmp_path)["file"]) == sorted(csv.name for csv in files)


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "\x00\x01", ",".join(COLUMNS) + "\na" + ",x" * 11])
def test_what_is_no_leaderboard(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    with pytest.raises(SeverstalError, match=r"leaderboard\.csv: not a leaderboard") as error:
        record_submission(write(tmp_path / "a.csv"), {})
    assert "\n" not in str(error.value)
    assert (tmp_path / NAME).read_text() == content


def test_the_leaderboard_is_printed_best_first(tmp_path: Path) -> None:
    for name, score in (("low", 0.88), ("high", 0.93), ("none", None)):
        record_submission(write(tmp_path / f"{name}.csv", name), {"oof": score, "low": score, "high": score})
    lines = format_leaderboard(read_leaderboard(tmp_path)).splitlines()
    assert [line.split()[-2] for line in lines[1:]] == ["high.csv", "low.csv", "none.csv"]
    assert max(map(len, lines)) <= 100


def board(path: Path, *rows: str, more: str = "") -> Path:
    """A leaderboard as an editor may leave it, with columns of the user's own."""
    (path / NAME).write_text("\n".join([",".join(COLUMNS) + more, *rows]) + "\n")
    return path


def test_a_user_s_own_columns_stay(tmp_path: Path) -> None:
    csv = write(tmp_path / "a.csv")
    record_submission(csv, {"runs": "smoke", "oof": 0.9})
    text = (tmp_path / NAME).read_text().splitlines()
    (tmp_path / NAME).write_text(f"{text[0]},note,007\n{text[1]},NA of mine,010\n")
    record_submission(write(tmp_path / "b.csv", "other"), {"oof": 0.91})
    enter_scores(csv, public=0.9)
    record_submission(csv, {"oof": 0.92})
    table = read_leaderboard(tmp_path)
    assert tuple(table.columns) == (*COLUMNS, "note", "007")
    assert table[["file", "oof", "note", "007"]].to_numpy().tolist() == [
        ["b.csv", 0.91, "", ""],
        ["a.csv", 0.92, "NA of mine", "010"],
    ]
    assert table["public"].tolist()[1] == 0.9


@pytest.mark.parametrize("value", ["91.2", "-0.5", "inf"])
@pytest.mark.parametrize("place", ["{},", ",{}"])
def test_impossible_scores_entered_by_hand(tmp_path: Path, value: str, place: str) -> None:
    scores = place.format(value)
    board(tmp_path, "a.csv,,,0.9,,,,,NA,,,", f"b.csv,,,0.9,,,,,{scores},,")
    name = "public" if place.startswith("{") else "private"
    with pytest.raises(SeverstalError, match=rf"leaderboard\.csv row 2: {name} is {value}.*0 to 1") as error:
        read_leaderboard(tmp_path)
    assert "\n" not in str(error.value)


def test_a_leaderboard_damaged_by_an_editor_is_one_line(tmp_path: Path) -> None:
    row = "a.csv,2026,smoke,0.9,,,,,,,,"
    for rows, message in (
        ([f"{row},"], "more fields than its first line has names"),
        ([row, f"{row},"], "Expected 12 fields in line 3, saw 13"),
        (["a.csv,,,high,,,,,,,,"], "row 1: oof is `high`, not a number"),
    ):
        with pytest.raises(SeverstalError, match=message) as error:
            read_leaderboard(board(tmp_path, *rows))
        assert "\n" not in str(error.value)
    text = board(tmp_path, row).joinpath(NAME).read_text()
    (tmp_path / NAME).write_text(text.replace(",", ";").replace(".9", ",9"))
    with pytest.raises(SeverstalError, match=r"not a leaderboard \(.*commas") as error:
        read_leaderboard(tmp_path)
    assert "\n" not in str(error.value)


def test_a_row_without_runs_is_printed_with_a_dash(tmp_path: Path) -> None:
    lines = format_leaderboard(read_leaderboard(board(tmp_path, "old.csv,,,0.9,,,,,,,,"))).splitlines()
    assert lines[1].endswith("  old.csv (-)")


def test_a_leaderboard_of_the_first_edition_is_read_by_its_earlier_column(tmp_path: Path) -> None:
    record_submission(write(tmp_path / "a.csv"), {"oof": 0.9, "all_empty": 0.86})
    path = tmp_path / NAME
    path.write_text(path.read_text().replace("all_empty", "nothing"))
    assert read_leaderboard(tmp_path)["all_empty"].tolist() == [0.86]
    record_submission(write(tmp_path / "b.csv", "second"), {"oof": 0.91, "all_empty": 0.86})
    assert read_leaderboard(tmp_path)["all_empty"].tolist() == [0.86, 0.86]
    assert "nothing" not in path.read_text()
