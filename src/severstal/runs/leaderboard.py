"""The user's own leaderboard: every submission with its known scores."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from severstal.errors import SeverstalError
from severstal.files import checksum, write_text

NAME = "leaderboard.csv"
ENTERED = ("public", "private")
COLUMNS = (
    "file",
    "written",
    "runs",
    "oof",
    "low",
    "high",
    "all_empty",
    "test",
    *ENTERED,
    "commit",
    "sha256",
)
"""`oof` is cross-fitted, with its 95 % interval from `low` to `high`; `all_empty` is the all-empty baseline
out of fold; `test` is known where the input folder holds the truth."""

_EARLIER = {"nothing": "all_empty"}  # columns by their names in the first edition

TEXT = ("file", "written", "runs", "commit", "sha256")
UNKNOWN = ("", "na", "n/a", "nan", "none", "null")  # spellings of a missing score, by hand or by spreadsheets


def record_submission(csv: str | Path, facts: Mapping[str, Any]) -> None:
    """Add a submission to the leaderboard of its folder.

    The same file written again keeps its row and what was entered in it: the scores, and columns of the
    user's own. A changed one under the same name gets a row of its own, since Kaggle's scores belong to the
    bytes that were sent.

    Args:
        csv: the submission.
        facts: values of `COLUMNS`, those that are known.

    Raises:
        SeverstalError: the leaderboard is damaged or cannot be written.

    Example:
        >>> import tempfile
        >>> csv = Path(tempfile.mkdtemp()) / "mine.csv"
        >>> _ = csv.write_text("ImageId,EncodedPixels,ClassId")
        >>> record_submission(csv, {"runs": "smoke", "oof": 0.91})
        >>> enter_scores(csv, public=0.9)[["file", "oof", "public"]].values.tolist()
        [['mine.csv', 0.91, 0.9]]
    """
    csv = Path(csv)
    with _locked(csv.parent):
        table = read_leaderboard(csv.parent)
        row = dict.fromkeys(COLUMNS) | dict(facts) | {"file": csv.name, "sha256": checksum(csv)}
        there = (table["file"] == row["file"]) & (table["sha256"] == row["sha256"])
        if there.any():
            entered = [name for name in table if name in ENTERED or name not in COLUMNS]
            row |= {name: table.loc[there, name].iloc[0] for name in entered}
        rows = [*table[~there].to_dict("records"), row]
        _write(csv.parent, pd.DataFrame(rows, columns=table.columns))


def is_recorded(csv: str | Path, runs: str) -> bool:
    """Return whether a submission, unchanged, is on the leaderboard of its folder as made by these runs.

    Args:
        csv: the submission.
        runs: names of the runs, as in the leaderboard's column `runs`.
    """
    csv = Path(csv)
    table = read_leaderboard(csv.parent)
    same = (table["file"] == csv.name) & (table["runs"] == runs) & (table["sha256"] == checksum(csv))
    return bool(same.any())


def enter_scores(csv: str | Path, public: float | None = None, private: float | None = None) -> pd.DataFrame:
    """Enter the scores that Kaggle shows for a submission.

    Args:
        csv: the submission as it was sent.
        public: public score, 0 to 1.
        private: private score, 0 to 1.

    Returns:
        The leaderboard.

    Raises:
        SeverstalError: a score is out of range, or the file is not on its folder's leaderboard.
    """
    csv = Path(csv)
    for name, value in zip(ENTERED, (public, private), strict=True):
        if value is not None and not 0 <= value <= 1:
            raise SeverstalError(f"--{name} {value}: give a score from 0 to 1")
    if not csv.is_file():
        raise SeverstalError(f"{csv}: no such file: name a submission")
    with _locked(csv.parent):
        table = read_leaderboard(csv.parent)
        there = (table["file"] == csv.name) & (table["sha256"] == checksum(csv))
        if not there.any():
            raise SeverstalError(
                f"{csv}: not in {csv.parent / NAME}, or changed since: write it with `severstal submit`, and "
                "then enter its scores"
            )
        for name, value in zip(ENTERED, (public, private), strict=True):
            if value is not None:
                table.loc[there, name] = value
        _write(csv.parent, table)
    return read_leaderboard(csv.parent)


def read_leaderboard(folder: str | Path) -> pd.DataFrame:
    """Read a folder's leaderboard: one row per submission in the order of their writing.

    Returns:
        `COLUMNS`, scores as float with nan where none is known; then as text what columns a user added.

    Raises:
        SeverstalError: the file is not such a table, or a public or private score is out of range.
    """
    path = Path(folder) / NAME
    if not path.is_file():
        return pd.DataFrame({name: pd.Series(dtype=str if name in TEXT else float) for name in COLUMNS})
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig").fillna("")
    except (ValueError, OSError) as error:
        raise _damaged(path, error) from error
    table = table.rename(columns={old: new for old, new in _EARLIER.items() if new not in table})
    absent = [name for name in COLUMNS if name not in table]
    if absent:
        raise _damaged(path, f"without {', '.join(absent)} among its columns, parted by commas")
    if not isinstance(table.index, pd.RangeIndex):  # what pandas makes of it when each row has a comma more
        raise _damaged(path, "its rows have more fields than its first line has names")
    for name in COLUMNS:
        if name not in TEXT:
            table[name] = _numbers(path, table[name])
    for name in ENTERED:
        wrong = table.index[(table[name] < 0) | (table[name] > 1)]
        if len(wrong):
            row = wrong[0]
            raise SeverstalError(
                f"{path} row {row + 1}: {name} is {table[name][row]}: give a score from 0 to 1"
            )
    return table[[*COLUMNS, *(name for name in table if name not in COLUMNS)]]


def format_leaderboard(table: pd.DataFrame) -> str:
    """Format a leaderboard for a terminal, the best out-of-fold score first.

    Example:
        >>> print(format_leaderboard(read_leaderboard("nowhere")))
        no submission yet: `severstal submit RUN` writes one
    """
    if table.empty:
        return "no submission yet: `severstal submit RUN` writes one"
    lines = ["out of fold    95 % interval  all-empty    test   public  private  file"]
    for row in table.sort_values("oof", ascending=False, na_position="last").itertuples():
        span = "-" if math.isnan(row.low) else f"{row.low:.4f}-{row.high:.4f}"
        lines.append(
            f"{_score(row.oof):>11}  {span:>15}  {_score(row.all_empty):>9}  {_score(row.test):>6}  "
            f"{_score(row.public, 5):>7}  {_score(row.private, 5):>7}  {row.file} ({row.runs or '-'})"
        )
    return "\n".join(lines)


def _score(value: float, digits: int = 4) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _numbers(path: Path, texts: pd.Series) -> list[float]:
    """The scores of a column, nan where there is none."""
    numbers = []
    for row, text in enumerate(texts, 1):
        try:
            numbers.append(math.nan if text.strip().lower() in UNKNOWN else float(text))
        except ValueError:
            raise _damaged(path, f"row {row}: {texts.name} is `{text[:40]}`, not a number") from None
    return numbers


def _damaged(path: Path, why: object) -> SeverstalError:
    """Return the error in one line, where pandas' own has several."""
    why = " ".join(str(why).split())
    return SeverstalError(f"{path}: not a leaderboard ({why}): correct it, or move it away and submit again")


def _locked(folder: Path) -> FileLock:
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f".{NAME}.lock", timeout=60)


def _write(folder: Path, table: pd.DataFrame) -> None:
    write_text(folder / NAME, table.to_csv(index=False, lineterminator="\n"))
