"""The whole job, and its stages one by one."""

from pathlib import Path
from typing import Literal

from severstal.cli.arguments import (
    AveragingMode,
    Engine,
    InputFolder,
    MemberWeights,
    Names,
    Number,
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
) -> None:
    """Do the whole job: from the input folder to the submission and its scorecard.

    Args:
        recipe: name of a recipe (see `severstal recipes`) or a TOML file; auto takes baseline with a GPU,
            else smoke.
        input: input folder in Kaggle's layout; by default the usual places, then a synthetic sample.
        output: path of the submission.
        name: name of the run's folder, runs/NAME; by default recipe and input folder, as smoke-sample.
    """
    from severstal import pipeline

    finished = pipeline.run(recipe, input, output, name)
    print(finished.scorecard.text)
    print(finished.submission)


def notebooks(
    recipe: Recipe = "auto",
    input: InputFolder = None,
    output: OutputCsv = SUBMISSION,
    refresh: bool = False,
    only: Names = (),
) -> None:
    """Run the notebooks top to bottom: the same job, with figures, kept in runs/NAME/notebooks.

    Args:
        recipe: name of a recipe (see `severstal recipes`) or a TOML file; auto takes baseline with a GPU,
            else smoke.
        input: input folder in Kaggle's layout; by default the usual places, then a synthetic sample.
        output: path of the submission.
        refresh: also replace the notebooks in notebooks/ by the executed ones.
        only: names of the notebooks to run; by default all but 07_architectures, which compares networks.
    """
    from severstal.notebooks import STUDIES, run_all

    folder = run_all(recipe, input, output, refresh, only)
    if not only or set(only) - set(STUDIES):
        print(f"submission: {output}")
    print(f"notebooks: {folder}")


def train(
    recipe: Recipe = "auto",
    input: InputFolder = None,
    name: RunName = None,
    engine: Engine = "local",
) -> None:
    """Check the input, split it into folds and train them: writes runs/NAME.

    After an interruption the same command goes on. Under `accelerate launch -m` or `torchrun -m` each fold is
    trained by all processes together.

    Args:
        recipe: name of a recipe (see `severstal recipes`) or a TOML file; auto takes baseline with a GPU,
            else smoke.
        input: input folder in Kaggle's layout; by default the usual places, then a synthetic sample.
        name: name of the run's folder, runs/NAME; by default recipe and input folder, as smoke-sample.
        engine: local trains one fold after the other; ray trains as many at once as there are GPUs (or CPU
            cores, without a GPU) on this machine, or on the cluster that RAY_ADDRESS names.
    """
    from severstal import pipeline
    from severstal.processes import distributed

    with distributed():
        prepared = pipeline.prepare(recipe, input, name)
        pipeline.train(prepared, engine)
        print(prepared.folder)


def predict(runs: Runs, input: InputFolder = None) -> None:
    """Predict the labelled images out of fold, and the test images: each is read once for all runs.

    Args:
        runs: folders of trained runs, runs/NAME.
        input: input folder, where it was moved since the training.
    """
    if not runs:
        raise SeverstalError("no run is named: give at least one folder, runs/NAME")
    from severstal import pipeline
    from severstal.runs.combining import open_runs

    named = [each for run in runs for each in pipeline.open_trained(open_runs([run], input=input))]
    trained = list({each.job.folder.resolve(): each for each in named}.values())  # ensembles may share a run
    pipeline.predict_oof(trained)
    pipeline.predict_test(trained)
    print("\n".join(f"{each.job.files.oof}, {each.job.files.test}" for each in trained))


def tune(
    runs: Runs,
    mode: AveragingMode = "mean",
    weights: MemberWeights = ("uniform",),
    power: Number = 1.0,
    name: RunName = None,
    input: InputFolder = None,
    explain: bool = False,
) -> None:
    """Search gate, thresholds and minimum area of each class on out-of-fold maps; score them cross-fitted.

    Args:
        runs: folder of a trained run, runs/NAME; several are averaged as an ensemble.
        mode: how an ensemble averages probabilities.
        weights: of an ensemble's members: uniform, selected (on out-of-fold maps), or one number per member.
        power: exponent of the averaging mode power.
        name: name of the ensemble's folder, runs/NAME; by default made of its members' names.
        input: input folder, where it was moved since the training.
        explain: also print what each part of each rule is worth.
    """
    from severstal import pipeline
    from severstal.decision.explain import explain_rules
    from severstal.runs.combining import open_runs

    run = open_runs(runs, mode, _weights(weights), power, name, input)
    _, found = pipeline.find_rules(run)
    for class_name, rule in zip(found.rules.classes, found.rules.rules, strict=True):
        print(f"{class_name}: {'never drawn' if rule.draws_nothing(run.spec) else rule}")
    print(f"out of fold, cross-fitted: {found.pairs.score.score:.4f}")
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
    """Write the submission of a run, or of several together, with its provenance, and print its scorecard.

    Args:
        runs: folder of a trained run, runs/NAME; several are averaged as an ensemble.
        output: path of the submission; beside it go its provenance, NAME.json, and leaderboard.csv.
        mode: how an ensemble averages probabilities.
        weights: of an ensemble's members: uniform, selected (on out-of-fold maps), or one number per member.
        power: exponent of the averaging mode power.
        name: name of the ensemble's folder, runs/NAME; by default made of its members' names.
        input: input folder, where it was moved since the training.
        propose: write a stable and a bold submission instead, and say what separates them.
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
    print(pipeline.write_scorecard(masks).text)
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
