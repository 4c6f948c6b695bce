"""Runs beside each other: all of them in a table, two of them compared."""

from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional as Word

from severstal.errors import SeverstalError

if TYPE_CHECKING:
    from severstal.competition.scope import Scope
    from severstal.competition.scored import ScoredPairs


def runs(folder: Word[Path] = Path("runs"), json: Path | None = None) -> None:
    """List the runs: recipe, input, folds done, epochs, score, time spent, commit.

    Args:
        folder: that holds them.
        json: also write all of it to this file.
    """
    from severstal.files import write_json
    from severstal.pipeline import list_runs
    from severstal.report.runs import print_runs

    table = list_runs(folder)
    print(print_runs(table))
    if json is not None:
        write_json(json, table.to_dict())


def compare(
    a: Word[Path],
    b: Word[Path],
    truth: Path | None = None,
    input: Path | None = None,
    images: Path | None = None,
    folds: Path | None = None,
    json: Path | None = None,
) -> None:
    """Compare the scores of two runs, or of two CSVs by their truth, and say whether the difference is real.

    Args:
        a: a run's folder, runs/NAME, scored; or a CSV of masks.
        b: another of the same images.
        truth: for CSVs: labels in train.csv's form.
        input: for CSVs: the input folder; without it the usual places.
        images: for CSVs: the images that count: a folder of pictures, or a CSV with a row for each.
        folds: for CSVs: a run's folds.csv, by whose groups near-duplicates are resampled together.
        json: also write the figures to this file.
    """
    from severstal.files import write_json
    from severstal.report.comparison import compare_pairs, print_comparison

    for side in (a, b):
        if not side.exists():
            raise SeverstalError(f"{side}: no such run or CSV: give a folder runs/NAME or a submission")
    if a.is_dir() and b.is_dir():
        needless = {"truth": truth, "input": input, "images": images, "folds": folds}
        given = [f"--{name}" for name, value in needless.items() if value is not None]
        if given:
            raise SeverstalError(
                f"{a} and {b} are runs, which know their images: leave out {', '.join(given)}"
            )
        sides, over = [_run_pairs(run) for run in (a, b)], None
    else:
        sides, over = _csv_pairs((a, b), truth, input, images, folds)
    found = compare_pairs(*sides, (str(a), str(b)))
    print(print_comparison(found))
    if over is not None:
        print(f"over {over.source}", *over.notes, sep="\n")
    if json is not None:
        beside = {} if over is None else {"truth": str(truth), "over": over.source}
        write_json(json, {**found.to_dict(), **beside})


def _run_pairs(run: Path) -> "ScoredPairs":
    from severstal.competition.scored import ScoredPairs
    from severstal.training.run_folder import read_run

    _, _, spec = read_run(run)
    return ScoredPairs.load(run / "oof" / "pairs.csv", spec)


def _csv_pairs(
    csvs: tuple[Path, Path], truth: Path | None, input: Path | None, images: Path | None, folds: Path | None
) -> tuple[list["ScoredPairs"], "Scope"]:
    from severstal.cli.submissions import score_csv

    for csv in csvs:
        if csv.is_dir():
            other = csvs[csv == csvs[0]]
            raise SeverstalError(f"{csv} is a folder and {other} is not: give two runs or two CSVs")
    if truth is None:
        raise SeverstalError(
            f"{csvs[0]} and {csvs[1]} can only be compared by their truth: name it with --truth, or give "
            "two runs; `severstal diff` needs none"
        )
    (first, scope, _), (second, other, _) = (score_csv(csv, truth, input, images, folds) for csv in csvs)
    if set(scope.images) != set(other.images):
        raise SeverstalError(
            f"{csvs[0]} is about {scope.source}, {csvs[1]} about {other.source}: give two of the same images"
        )
    return [first, second], scope
