"""Significance of the difference between two scores: of two runs, or of two submissions."""

from pathlib import Path
from typing import TYPE_CHECKING

from severstal.cli.arguments import Csv, FoldsCsv, Images, InputFolder, JsonFile, Labels, Run
from severstal.cli.score import score_csv
from severstal.errors import SeverstalError
from severstal.files import write_json

if TYPE_CHECKING:
    from severstal.competition.scored import ScoredPairs


def compare_runs(a: Run, b: Run, json: JsonFile = None) -> None:
    """Compare the out-of-fold scores of two runs: is the difference significant?

    Args:
        a: folder of a scored run or ensemble, runs/NAME.
        b: folder of the run to compare it with, on the same images.
        json: also write the results to this file.
    """
    from severstal.runs.leaks import leak_note
    from severstal.runs.listing import load_scored

    for run in (a, b):
        if run.is_file():
            raise SeverstalError(f"{run} is a file: give folders of runs, or use compare-submissions")
    _compare(load_scored(a), load_scored(b), (a, b), {}, json)
    for run in (a, b):
        if note := leak_note(run):
            print(f"{run}: {note}")


def compare_submissions(
    a: Csv,
    b: Csv,
    truth: Labels = None,
    input: InputFolder = None,
    images: Images = None,
    folds: FoldsCsv = None,
    json: JsonFile = None,
) -> None:
    """Compare the scores of two submissions against ground truth: is the difference significant?

    `severstal diff` compares two submissions without ground truth.

    Args:
        a: submission.
        b: submission to compare it with, of the same images.
        truth: ground truth in the form of train.csv.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        images: images that count in the score: a folder of images, or a CSV with one row per image.
        folds: a table of folds, a CSV with the columns ImageId and fold; with the folds.csv of a run, the
            bootstrap resamples near-duplicates together.
        json: also write the results to this file.
    """
    for csv in (a, b):
        if csv.is_dir():
            raise SeverstalError(f"{csv} is a folder: give two submissions, or use compare-runs")
        if not csv.is_file():
            raise SeverstalError(f"{csv}: no such file: name a submission")
    if truth is None:
        raise SeverstalError(
            f"{a} and {b} can only be compared by their truth: name labels in train.csv's form with --truth; "
            "`severstal diff` needs none"
        )
    (first, scope, _), (second, other, _) = (score_csv(csv, truth, input, images, folds) for csv in (a, b))
    if set(scope.images) != set(other.images):
        raise SeverstalError(
            f"{a} is about {scope.source}, {b} about {other.source}: give two of the same images"
        )
    _compare(first, second, (a, b), {"truth": str(truth), "over": scope.source}, json, scope.notes)


def _compare(
    first: "ScoredPairs",
    second: "ScoredPairs",
    names: tuple[Path, Path],
    about: dict[str, str],
    json: Path | None,
    notes: tuple[str, ...] | list[str] = (),
) -> None:
    from severstal.evaluation.comparison import compare_pairs
    from severstal.report.comparison import format_comparison

    found = compare_pairs(first, second, (str(names[0]), str(names[1])))
    print(format_comparison(found))
    if "over" in about:
        print(f"over {about['over']}", *notes, sep="\n")
    if json is not None:
        write_json(json, {**found.to_dict(), **about})
