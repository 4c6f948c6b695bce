"""The whole job as one function."""

from pathlib import Path

from severstal.job import open_job
from severstal.pipeline.data import check_input, make_folds
from severstal.pipeline.prediction import predict_oof, predict_test
from severstal.pipeline.rules import tune_rules
from severstal.pipeline.scorecard import make_scorecard
from severstal.pipeline.submission import SUBMISSION, submit
from severstal.pipeline.training import train_folds
from severstal.report.scorecard import Scorecard


def run(
    recipe: str | Path = "auto",
    input: str | Path | None = None,
    output: str | Path = SUBMISSION,
    name: str | None = None,
) -> dict[str, Scorecard]:
    """Do the whole job.

    Args:
        recipe: its name or TOML file; "auto" is `baseline` with a GPU, else `smoke`.
        input: the input folder; None takes the first of the usual places, or draws the sample.
        output: where the submission goes.
        name: of the run.

    Returns:
        The scorecards: `oof`, and `test` where the truth of the test images is known.
    """
    job = open_job(recipe, input, name)
    check_input(job)
    make_folds(job)
    train_folds(job)
    predict_oof(job)
    tune_rules(job)
    predict_test(job)
    submit(job, output)
    return make_scorecard(job)
