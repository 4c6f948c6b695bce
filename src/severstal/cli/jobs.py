"""The whole job, its stages, and what was trained on pictures of your own."""

from pathlib import Path
from typing import Literal

from tyro.conf import Positional as Word

from severstal.errors import SeverstalError

Engine = Literal["local", "ray"]
AveragingMode = Literal["mean", "logit", "power", "rank"]
Weights = tuple[str, ...]


def run(
    recipe: Word[str] = "auto",
    input: Path | None = None,
    output: Path = Path("submissions/submission.csv"),
    name: str | None = None,
) -> None:
    """Do the whole job: from the input folder to the submission and its scorecard.

    Args:
        recipe: its name, or a TOML file; "auto" is baseline with a GPU, else smoke.
        input: the input folder; without it the usual places, then the sample.
        output: where the submission goes.
        name: of the run's folder, runs/NAME; without it recipe and input folder.
    """
    from severstal import pipeline

    finished = pipeline.run(recipe, input, output, name)
    print(finished.scorecard.text)
    print(finished.submission)


def notebooks(
    recipe: Word[str] = "auto",
    input: Path | None = None,
    output: Path = Path("submissions/submission.csv"),
    refresh: bool = False,
    only: tuple[str, ...] = (),
) -> None:
    """Run the notebooks top to bottom: the same job, with its pictures, kept in runs/NAME/notebooks.

    Args:
        recipe: its name, or a TOML file; "auto" is baseline with a GPU, else smoke.
        input: the input folder; without it the usual places, then the sample.
        output: where the submission goes.
        refresh: also put the executed notebooks in place of those in notebooks/.
        only: names of notebooks; 07_architectures, which trains networks side by side, runs only so.
    """
    from severstal.notebooks import run_all

    kept = run_all(recipe, input, output, refresh, only)
    print(*([f"submission: {output}"] if not only else []), f"notebooks: {kept}", sep="\n")


def train(
    recipe: Word[str] = "auto",
    input: Path | None = None,
    name: str | None = None,
    engine: Engine = "local",
) -> None:
    """Check the input, deal the folds and train them: makes runs/NAME; killed, the same command goes on.

    Under `accelerate launch -m` or `torchrun -m` each fold is trained by all processes together.

    Args:
        recipe: its name, or a TOML file; "auto" is baseline with a GPU, else smoke.
        input: the input folder; without it the usual places, then the sample.
        name: of the run's folder, runs/NAME; without it recipe and input folder.
        engine: local trains the folds in turn; ray queues those of all members over the GPUs of this
            machine, or of the cluster that RAY_ADDRESS names. Without a GPU it trains one on each core,
            faster than one on all of them.
    """
    from severstal import pipeline
    from severstal.processes import distributed

    with distributed():
        prepared = pipeline.prepare(recipe, input, name)
        pipeline.train(prepared, engine)
        print(prepared.folder)


def predict(runs: Word[list[Path]], input: Path | None = None) -> None:
    """Predict the labelled images out of fold, and the test images: each is read once for all runs.

    Args:
        runs: folders of trained runs, runs/NAME.
        input: the input folder, where it is no longer where the runs found it.
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
    runs: Word[list[Path]],
    mode: AveragingMode = "mean",
    weights: Weights = ("uniform",),
    power: float = 1.0,
    name: str | None = None,
    input: Path | None = None,
    explain: bool = False,
) -> None:
    """Search gate, thresholds and minimum area of each class on out-of-fold maps; score them cross-fitted.

    Args:
        runs: folder of a trained run, runs/NAME; or several, whose maps are averaged.
        mode: averaging mode of several runs.
        weights: of several runs: uniform, selected (on the out-of-fold maps), or one number per run.
        power: exponent of the power mean.
        name: of the folder for several runs, runs/NAME.
        input: the input folder, where it is no longer where the runs found it.
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
    runs: Word[list[Path]],
    output: Path = Path("submissions/submission.csv"),
    mode: AveragingMode = "mean",
    weights: Weights = ("uniform",),
    power: float = 1.0,
    name: str | None = None,
    input: Path | None = None,
    propose: bool = False,
) -> None:
    """Write the submission of a run, or of several together, with its provenance, and print its scorecard.

    Args:
        runs: folder of a trained run, runs/NAME; or several, whose maps are averaged.
        output: path of the submission; beside it go its provenance, NAME.json, and leaderboard.csv.
        mode: averaging mode of several runs.
        weights: of several runs: uniform, selected (on the out-of-fold maps), or one number per run.
        power: exponent of the power mean.
        name: of the folder for several runs, runs/NAME.
        input: the input folder, where it is no longer where the runs found it.
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
    print(pipeline.make_scorecard(masks).text)
    print(output)


def segment(run: Word[Path], images: Word[list[Path]], output: Path) -> None:
    """Segment pictures of your own: an outline picture of each, and masks.csv in train.csv's form.

    Args:
        run: its folder, runs/NAME.
        images: picture files.
        output: folder for what comes out.
    """
    if not images:
        raise SeverstalError("no picture is named: give at least one picture file")
    import severstal
    from severstal.deploy.segment import segment_files

    print(f"{output}: {segment_files(severstal.load(run), images, output)} masks on {len(images)} pictures")


def _weights(words: Weights) -> Literal["uniform", "selected"] | tuple[float, ...]:
    if words in (("uniform",), ("selected",)):
        return words[0]
    try:
        return tuple(float(word) for word in words)
    except ValueError:
        raise SeverstalError(
            f"--weights {' '.join(words)}: give uniform, selected, or a number for each run"
        ) from None
