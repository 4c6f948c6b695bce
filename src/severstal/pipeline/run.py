"""The whole job as one function."""

from pathlib import Path

from severstal.evaluation.scorecard import Scorecard
from severstal.pipeline.data import prepare
from severstal.pipeline.prediction import predict_oof, predict_test
from severstal.pipeline.rules import tune_rules
from severstal.pipeline.scorecard import make_scorecard
from severstal.pipeline.submission import SUBMISSION, check_output, submit
from severstal.pipeline.training import train_folds


def run(
    recipe: str | Path = "auto",
    input: str | Path | None = None,
    output: str | Path = SUBMISSION,
    name: str | None = None,
) -> dict[str, Scorecard]:
    """Do the whole job.

    Args:
        recipe: its name or TOML file; "auto" is `baseline` with a GPU, else `smoke`. One with members becomes
            a team of runs.
        input: the input folder; None takes the first of the usual places, or draws the sample.
        output: where the submission goes.
        name: of the run.

    Returns:
        The scorecards: `oof`, and `test` where the truth of the test images is known.
    """
    check_output(output)
    candidate = prepare(recipe, input, name)
    train_folds(candidate)
    predict_oof(candidate)
    tune_rules(candidate)
    predict_test(candidate)
    submit(candidate, output)
    return make_scorecard(candidate)
