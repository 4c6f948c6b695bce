"""The whole job as one function: the only place that knows the order of the stages."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from severstal.pipeline.combination import combine_oof, combine_test
from severstal.pipeline.data import prepare
from severstal.pipeline.folds import (
    Folds,
    duplicate_pairs,
    likeness_to_test_set,
    open_folds,
    split_into_folds,
)
from severstal.pipeline.prediction import predict_oof, predict_test
from severstal.pipeline.rules import FoundRules, tune_rules
from severstal.pipeline.scorecard import SavedScorecard, write_scorecard
from severstal.pipeline.submission import SUBMISSION, TestMasks, check_output, draw_test, submit
from severstal.pipeline.summary import OofSummary, summarise_oof
from severstal.pipeline.trained import open_trained
from severstal.pipeline.training import Trained, train_folds
from severstal.processes import is_main_process, main_process_first
from severstal.runs.ensemble import RunOrEnsemble, jobs_of
from severstal.training.deadline import Deadline
from severstal.training.queue import Engine


@dataclass(frozen=True)
class Finished:
    """The result of the whole job.

    Attributes:
        run: the run, or the ensemble of runs.
        submission: path of the CSV.
        scorecard: scorecard of the run.
    """

    run: RunOrEnsemble
    submission: Path
    scorecard: SavedScorecard


def run(
    recipe: str | Path = "auto",
    input: str | Path | None = None,
    output: str | Path = SUBMISSION,
    name: str | None = None,
    folds: str | Path | None = None,
    deadline: Deadline | None = None,
) -> Finished:
    """Run the whole job, from the input folder to the submission and its scorecard.

    What an earlier, perhaps interrupted, call has made of the same inputs is opened and left as it is.

    Args:
        recipe: name or TOML file of the recipe; "auto" is `baseline` with a GPU, else `smoke`. One with
            members becomes an ensemble of runs.
        input: the input folder; None as in `locate_input`, else the sample is rendered.
        output: submission to write.
        name: name of the run.
        folds: the user's own table of folds, `ImageId,fold`; None splits the images.
        deadline: time by which the last epoch of training has to have ended; None trains to the end.

    Returns:
        The run, its submission and its scorecard.
    """
    check_output(output)
    run = prepare(recipe, input, name, folds)
    run.data.check_test()  # before hours of training: a submission needs test pictures
    trained = train_folds(prepare_folds(run), deadline=deadline)
    found = tune_rules(summarise_run(run, trained))
    masks = segment_test(found, trained)
    return Finished(run, submit(masks, trained, output), write_scorecard(found, masks))


def prepare_folds(run: RunOrEnsemble) -> list[Folds]:
    """Split the images of each run into folds; near-duplicates and likeness are computed once for all.

    Of several processes that train together the main one does it while the others wait.
    """
    with main_process_first():
        if not is_main_process():
            return [open_folds(job) for job in jobs_of(run)]
        found, pairs, similar = [], None, None
        for job in jobs_of(run):
            pairs = duplicate_pairs(job, pairs)
            similar = likeness_to_test_set(job, pairs, similar)
            found.append(split_into_folds(job, pairs, similar))
        return found


def train(run: RunOrEnsemble, engine: Engine = "local", deadline: Deadline | None = None) -> list[Trained]:
    """Split the images into folds and train them, of an ensemble those of each member."""
    return train_folds(prepare_folds(run), engine, deadline)


def summarise_run(run: RunOrEnsemble, trained: Sequence[Trained]) -> OofSummary:
    """Predict the labelled images out of fold, average the members' maps, and summarise them."""
    folds = [each.folds for each in trained]
    return summarise_oof(combine_oof(run, folds, predict_oof(trained)))


def find_rules(run: RunOrEnsemble) -> tuple[list[Trained], FoundRules]:
    """Predict out of fold, summarise and search the rules of a trained run; nothing is trained.

    Raises:
        SeverstalError: `open_trained` refuses the run.
    """
    trained = open_trained(run)
    return trained, tune_rules(summarise_run(run, trained))


def segment_test(found: FoundRules, trained: Sequence[Trained]) -> TestMasks:
    """Predict the test images, and draw their masks by the rules."""
    return draw_test(found, combine_test(found.oof, predict_test(trained)))
