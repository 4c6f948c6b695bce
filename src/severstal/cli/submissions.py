"""Submissions: checked and scored."""

from pathlib import Path

from tyro.conf import Positional as Word

from severstal.errors import SeverstalError
from severstal.files import write_json


def check(csv: Word[Path], input: Path | None = None) -> int:
    """Check a submission against the sample submission: exit code 0 clean, 1 findings, 2 unusable.

    Args:
        csv: the submission.
        input: the input folder; without it the usual places.
    """
    from severstal.competition import submission, tables

    data = _input(input)
    findings = submission.check_submission(csv, tables.read_sample(data.sample_csv, data.spec), data.spec)
    print("\n".join(findings) or f"{csv}: clean")
    return 1 if findings else 0


def score(csv: Word[Path], truth: Path, input: Path | None = None, json: Path | None = None) -> None:
    """Score a submission as Kaggle does, against a table of the truth.

    Args:
        csv: the submission.
        truth: labels in train.csv's form.
        input: the input folder, whose sample submission says which images count.
        json: also write the figures to this file.
    """
    from severstal.competition import metric, tables
    from severstal.report.scorecard import print_scorecard

    data = _input(input)
    images = tables.read_sample(data.sample_csv, data.spec).images
    predicted = tables.read_submission(csv, data.spec)
    result = metric.score_tables(predicted, tables.read_labels(truth, data.spec, images), images, data.spec)
    print(print_scorecard(result, str(csv)))
    if json is not None:
        write_json(json, result.to_dict())


def _input(folder: Path | None):
    from severstal.competition.folder import locate_input, open_input

    root = locate_input(folder)
    if root is None:
        raise SeverstalError("no input folder: name it with --input, or draw one with `severstal sample`")
    return open_input(root)
