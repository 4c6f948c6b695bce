"""The whole job, and its stages one by one."""

from pathlib import Path
from typing import Literal

from severstal.cli.arguments import (
    AveragingMode,
    Engine,
    FoldsCsv,
    InputFolder,
    MemberWeights,
    Names,
    Number,
    OptionalNumber,
    OutputCsv,
    Recipe,
    RunName,
    Runs,
)
from severstal.errors import SeverstalError

SUBMISSION = Path("submissions/submission.csv")


def run(
    recipe: Recipe = "auto",
    input: InputFolder = None,
    output: OutputCsv = SUBMISSION,
    name: RunName = None,
    folds: FoldsCsv = None,
    hours: OptionalNumber = None,
) -> None:
    """Run the whole job: from the input folder to the submission and its scorecard.

    Args:
        recipe: name of a recipe (see `severstal recipes`) or a TOML file; auto means baseline with a GPU,
            smoke without.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        output: submission to write.
        name: name of the run's folder in runs/; by default made of recipe and input folder, such as
            smoke-sample.
        folds: your own table of folds, a CSV with the columns ImageId and fold (numbered from 0); by default
            that of the recipe (data.folds_file), or else the images are split.
        hours: stop training between two epochs, before this many hours have passed, with exit code 1; the
            same command resumes. By default train to the end.
    """
    from severstal import pipeline
    from severstal.training.deadline import Deadline

    deadline = None if hours is None else Deadline.within(hours)
    finished = pipeline.run(recipe, input, output, name, folds, deadline)
    print(finished.scorecard.text)
    print(finished.submission)


def notebooks(
    recipe: Recipe = "auto",
    input: InputFolder = None,
    output: OutputCsv = SUBMISSION,
    refresh: bool = False,
    only: Names = (),
    folds: FoldsCsv = None,
) -> None:
    """Run the notebooks: the same job with figures; the executed notebooks are saved in runs/NAME/notebooks.

    Args:
        recipe: name of a recipe (see `severstal recipes`) or a TOML file; auto means baseline with a GPU,
            smoke without.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        output: submission to write.
        refresh: also overwrite the notebooks in notebooks/ with the executed ones.
        only: names of the notebooks to run; by default all except 07_architectures, which compares networks.
        folds: your own table of folds, a CSV with the columns ImageId and fold (numbered from 0); by default
            that of the recipe (data.folds_file), or else the images are split.
    """
    from severstal.notebooks import STUDIES, run_all

    folder = run_all(recipe, input, output, refresh, only, folds)
    if not only or set(only) - set(STUDIES):
        print(f"submission: {output}")
    print(f"notebooks: {folder}")


def train(
    recipe: Recipe = "auto",
    input: InputFolder = None,
    name: RunName = None,
    engine: Engine = "local",
    folds: FoldsCsv = None,
    hours: OptionalNumber = None,
) -> None:
    """Check the input, split it into folds and train one network per fold; results go to runs/NAME.

    After an interruption the same command resumes. Under `accelerate launch -m` or `torchrun -m` all
    processes train each fold together (distributed data parallel).

    Args:
        recipe: name of a recipe (see `severstal recipes`) or a TOML file; auto means baseline with a GPU,
            smoke without.
        input: input folder in Kaggle's layout; by default the downloaded data set, else the synthetic sample.
        name: name of the run's folder in runs/; by default made of recipe and input folder, such as
            smoke-sample.
        engine: local trains one fold after the other; ray trains one fold per GPU (or CPU core) in parallel,
            on this machine or on the cluster at RAY_ADDRESS.
        folds: your own table of folds, a CSV with the columns ImageId and fold (numbered from 0); by default
            that of the recipe (data.folds_file), or else the images are split.
        hours: stop training between two epochs, before this many hours have passed, with exit code 1; the
            same command resumes. By default train to the end.
    """
    from severstal import pipeline
    from severstal.processes import distributed
    from severstal.training.deadline import Deadline

    deadline = None if hours is None else Deadline.within(hours)
    with distributed():
        prepared = pipeline.prepare(recipe, input, name, folds)
        pipeline.train(prepared, engine, deadline)
        print(prepared.folder)


def predict(runs: Runs, input: InputFolder = None) -> None:
    """Predict probability maps of the labelled images (out of fold) and of the test images.

    Args:
        runs: folder of a trained run, runs/NAME; for several, each image is read only once.
        input: input folder, if it has moved since training.
    """
    if not runs:
        raise SeverstalError("no run is named: give at least one folder, runs/NAME")
    from severstal import pipeline
    from severstal.runs.combining import open_runs

    named = [each for run in runs for each in pipeline.open_trained(open_runs([run], input=input))]
    trained = list({each.job.folder.resolve(): each for each in named}.values())  # ensembles may share a run
    pipeline.predict_oof(trained)
    pipeline.predict_test([each for each in trained if each.job.data.has_test])
    for each in trained:
        tested = f", {each.job.files.test}" if each.job.data.has_test else " (there are no test pictures)"
        print(f"{each.job.files.oof}{tested}")


def tune(
    runs: Runs,
    mode: AveragingMode = "mean",
    weights: MemberWeights = ("uniform",),
    power: Number = 1.0,
    name: RunName = None,
    input: InputFolder = None,
    explain: bool = False,
) -> None:
    """Search the gate, thresholds and minimum area of each class on out-of-fold maps; print the score.

    The score is cross-fitted: each fold is scored with rules that were searched on the other folds.

    Args:
        runs: folder of a trained run, runs/NAME; several are averaged as an ensemble.
        mode: averaging mode of an ensemble.
        weights: weights of an ensemble's members: uniform, selected (on out-of-fold maps), or one number
            each.
        power: exponent of the averaging mode `power`.
        name: name of the ensemble's folder in runs/; by default made of its members' names.
        input: input folder, if it has moved since training.
        explain: also print how much each part of each rule adds to the score.
    """
    from severstal import pipeline
    from severstal.decision.explain import explain_rules
    from severstal.pipeline.copies import describe_leaks_out_of_fold
    from severstal.runs.combining import open_runs

    run = open_runs(runs, mode, _weights(weights), power, name, input)
    _, found = pipeline.find_rules(run)
    for class_name, rule in zip(found.rules.classes, found.rules.rules, strict=True):
        print(f"{class_name}: {'never drawn' if rule.is_never_drawn(run.spec) else rule}")
    print(f"out of fold, cross-fitted: {found.pairs.score.score:.4f}")
    if leaks := describe_leaks_out_of_fold(found.oof.folds, found.oof.maps.names):
        print(leaks)
    if explain:
        pictures = run.train_pictures if found.rules.need_pictures else None
        summary, maps = found.summarised.summary, found.oof.maps
        print(explain_rules(summary, found.rules, maps, run.masks, pictures).to_text())


def submit(
    runs: Runs,
    output: OutputCsv = SUBMISSION,
    mode: AveragingMode = "mean",
    weights: MemberWeights = ("uniform",),
    power: Number = 1.0,
    name: RunName = None,
    input: InputFolder = None,
    propose: bool = False,
) -> None:
    """Write the submission of a run or an ensemble, with its provenance, and print its scorecard.

    Args:
        runs: folder of a trained run, runs/NAME; several are averaged as an ensemble.
        output: submission to write; its provenance (NAME.json) and leaderboard.csv go to the same folder.
        mode: averaging mode of an ensemble.
        weights: weights of an ensemble's members: uniform, selected (on out-of-fold maps), or one number
            each.
        power: exponent of the averaging mode `power`.
        name: name of the ensemble's folder in runs/; by default made of its members' names.
        input: input folder, if it has moved since training.
        propose: write two submissions instead, a stable and a bold one, and print how they differ.
    """
    from severstal import experiments, pipeline
    from severstal.runs.combining import open_runs

    pipeline.check_output(output)
    run = open_runs(runs, mode, _weights(weights), power, name, input)
    trained, found = pipeline.find_rules(run)
    if propose:
        print(experiments.format_proposals(run, *experiments.propose(found, trained, output)))
        return
    masks = pipeline.segment_test(found, trained)
    pipeline.submit(masks, trained, output)
    print(pipeline.write_scorecard(found, masks).text)
    print(output)


def _weights(words: tuple[str, ...]) -> Literal["uniform", "selected"] | tuple[float, ...]:
    if words in (("uniform",), ("selected",)):
        return words[0]
    try:
        return tuple(float(word) for word in words)
    except ValueError:
        raise SeverstalError(
            f"--weights {' '.join(words)}: give uniform, selected, or a number for each run"
        ) from None
