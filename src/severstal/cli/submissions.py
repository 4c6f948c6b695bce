"""Submissions: checked, compared and listed."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from severstal.cli.arguments import (
    Csv,
    Folder,
    InputFolder,
    JsonFile,
    OptionalNumber,
    OutputFolder,
    optional,
)
from severstal.cli.sides import find_input
from severstal.errors import SeverstalError
from severstal.files import write_json


def check(csv: Csv, input: InputFolder = None, json: JsonFile = None) -> int:
    """Check a submission and summarise its contents: exit code 0 valid, 1 findings, 2 unusable.

    Remarks name what is allowed but unusual; they do not count as findings.

    Args:
        csv: submission to check.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        json: also write the results to this file.
    """
    from severstal.competition import checking, contents, tables
    from severstal.report.submission import format_contents, format_findings

    data = find_input(input)
    sample = tables.read_listed_sample(data)
    truth = None
    if data.truth_csv.is_file():
        truth = tables.read_labels(data.truth_csv, data.spec, sample.images)
    findings, table = checking.read_checked(csv, sample, data.spec)
    held = contents.sum_up(table, sample.images, data.spec, truth)
    print(format_findings(findings, str(csv)), format_contents(held), sep="\n")
    if json is not None:
        write_json(json, {"csv": str(csv), "findings": findings, **held.to_dict()})
    return 1 if findings else 0


def diff(
    a: Csv,
    b: Csv,
    input: InputFolder = None,
    output: OutputFolder = None,
    most: Annotated[int, arg(metavar="N")] = 12,
    json: JsonFile = None,
) -> int:
    """Compare the masks of two submissions: exit code 0 equal, 1 different, 2 unusable.

    Args:
        a: submission, in the form of 2019 or of today; or a table of masks of train images.
        b: submission or table to compare it with, of the same images.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        output: also write differences.csv and figures of the largest differences to this folder.
        most: number of differences to list and draw, largest first.
        json: also write the results to this file.
    """
    from severstal.competition import difference, scope
    from severstal.competition.masks import Masks
    from severstal.competition.spec import SEVERSTAL
    from severstal.report.difference import format_difference
    from severstal.report.difference_pictures import save_differences

    if most < 0:
        raise SeverstalError(f"--most is {most}: give 0 or more")
    data = find_input(input, needed=False)
    spec = data.spec if data else SEVERSTAL
    sides = [scope.read_named(path, spec) for path in (a, b)]
    where, sides = scope.find_scope(sides, spec, data)
    names = (str(a), str(b))
    found = difference.compare_tables(*(side.table for side in sides), where.images, spec)
    print(format_difference(found, names, most), f"over {where.source}", *where.notes, sep="\n")
    if json is not None:
        over = {"a": names[0], "b": names[1], "over": where.source, "notes": where.notes}
        write_json(json, {**over, **found.to_dict(most)})
    if output is not None:
        masks = (Masks(sides[0].table, spec), Masks(sides[1].table, spec))
        lost = save_differences(output, found, masks, names, most, spec, data)
        missing = f", but not of {', '.join(lost)}: not in the input folder" if lost else ""
        print(f"{output}: differences.csv and pictures{missing}")
    return 1 if found.differing else 0


def leaderboard(
    csv: Positional[Annotated[Path | None, optional("CSV")]] = None,
    public: OptionalNumber = None,
    private: OptionalNumber = None,
    folder: Folder = Path("submissions"),
) -> None:
    """List all submissions by out-of-fold score, best first; enter the scores that Kaggle shows for one.

    Args:
        csv: submission to enter scores for.
        public: public score of that submission.
        private: private score of that submission.
        folder: folder of leaderboard.csv.
    """
    from severstal.runs.leaderboard import enter_scores, format_leaderboard, read_leaderboard

    if csv is None:
        if public is not None or private is not None:
            raise SeverstalError("--public, --private: name the submission they belong to")
        table = read_leaderboard(folder)
    else:
        table = enter_scores(csv, public, private)
    print(format_leaderboard(table))
