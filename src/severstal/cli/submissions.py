"""Submissions: checked, compared and scored."""

from pathlib import Path

from tyro.conf import Positional as Word

from severstal.errors import SeverstalError
from severstal.files import write_json


def check(csv: Word[Path], input: Path | None = None, json: Path | None = None) -> int:
    """Check a submission and say what it holds: exit code 0 clean, 1 findings, 2 unusable.

    Remarks point at what is allowed and yet seldom meant; they are no findings.

    Args:
        csv: the submission.
        input: the input folder; without it the usual places.
        json: also write findings and figures to this file.
    """
    from severstal.competition import checking, contents, tables
    from severstal.report.submission import print_contents, print_findings

    data = _input(input)
    sample = tables.read_sample(data.sample_csv, data.spec)
    truth = None
    if data.truth_csv.is_file():
        truth = tables.read_labels(data.truth_csv, data.spec, sample.images)
    findings, table = checking.read_checked(csv, sample, data.spec)
    held = contents.sum_up(table, sample.images, data.spec, truth)
    print(print_findings(findings, str(csv)), print_contents(held), sep="\n")
    if json is not None:
        write_json(json, {"csv": str(csv), "findings": findings, **held.to_dict()})
    return 1 if findings else 0


def diff(
    a: Word[Path],
    b: Word[Path],
    input: Path | None = None,
    output: Path | None = None,
    most: int = 12,
    json: Path | None = None,
) -> int:
    """Compare two submissions pair by pair: exit code 0 the same masks, 1 different ones, 2 unusable.

    Args:
        a: a submission, of either generation.
        b: another of the same images; or tables of train images, both of them.
        input: the input folder; without it the usual places and, where none is there, Severstal's shape.
        output: write `differences.csv` and pictures of the largest differences to this folder.
        most: of the largest differences to list and draw.
        json: also write the figures and the largest differences to this file.
    """
    from severstal.competition import difference, scope
    from severstal.competition.masks import Masks
    from severstal.competition.spec import SEVERSTAL
    from severstal.report.difference import print_difference
    from severstal.report.difference_pictures import save_differences

    if most < 0:
        raise SeverstalError(f"--most is {most}: give 0 or more")
    data = _input(input, needed=False)
    spec = data.spec if data else SEVERSTAL
    sides = [scope.read_named(path, spec) for path in (a, b)]
    where = scope.find_scope(sides, spec, data)
    names = (str(a), str(b))
    found = difference.compare_tables(*(side.table for side in sides), where.images, spec)
    print(print_difference(found, names, most), f"over {where.source}", *where.notes, sep="\n")
    if json is not None:
        over = {"a": names[0], "b": names[1], "over": where.source, "notes": where.notes}
        write_json(json, {**over, **found.to_dict(most)})
    if output is not None:
        masks = (Masks(sides[0].table, spec), Masks(sides[1].table, spec))
        lost = save_differences(output, found, masks, names, most, spec, data)
        missing = f", but not of {', '.join(lost)}: not in the input folder" if lost else ""
        print(f"{output}: differences.csv and pictures{missing}")
    return 1 if found.differing else 0


def score(
    csv: Word[Path],
    truth: Path,
    input: Path | None = None,
    images: Path | None = None,
    json: Path | None = None,
) -> None:
    """Score a submission as Kaggle does, against a table of the truth.

    Clean images have no row and yet count. Which images there are, the input folder's sample submission
    says; where the rows are of train images, such as out-of-fold predictions, all train images count, and the
    output says so. `--images` names any others, such as those of one fold.

    Args:
        csv: the submission.
        truth: labels in train.csv's form.
        input: the input folder; without it the usual places.
        images: the images that count: a folder of pictures, or a CSV with a row for each.
        json: also write the figures to this file.
    """
    from severstal.competition import metric, scope
    from severstal.competition.spec import SEVERSTAL
    from severstal.report.scorecard import print_scorecard

    data = _input(input, needed=False)
    if data is None and images is None:
        raise SeverstalError(
            "which images count is not known, as clean images have no row: name the input folder with "
            "--input, or with --images a folder of pictures or a CSV that has a row for each"
        )
    spec = data.spec if data else SEVERSTAL
    sides = [scope.read_named(csv, spec), scope.read_named(truth, spec, labels=True)]
    if images is None:
        where = scope.find_scope(sides, spec, data)
    else:
        where, sides = scope.given_scope(images, sides)
    result = metric.score_tables(*(side.table for side in sides), where.images, spec)
    print(print_scorecard(result, str(csv)), "", f"over {where.source}", *where.notes, sep="\n")
    if json is not None:
        over = {"csv": str(csv), "truth": str(truth), "over": where.source, "notes": where.notes}
        write_json(json, {**over, **result.to_dict()})


def _input(folder: Path | None, needed: bool = True):
    from severstal.competition.folder import locate_input, open_input

    root = locate_input(folder)
    if root is None and needed:
        raise SeverstalError("no input folder: name it with --input, or draw one with `severstal sample`")
    return open_input(root) if root else None
