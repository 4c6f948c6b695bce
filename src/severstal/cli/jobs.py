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

    pipeline.run(recipe, input, output, name)


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

    run_all(recipe, input, output, refresh, only)


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
        candidate = pipeline.prepare(recipe, input, name)
        pipeline.train_folds(candidate, engine)
        print(candidate.folder)


def predict(runs: Word[list[Path]]) -> None:
    """Predict the labelled images out of fold, and the test images: each is read once for all runs.

    Args:
        runs: their folders, runs/NAME.
    """
    if not runs:
        raise SeverstalError("no run is named: give at least one folder, runs/NAME")
    from severstal import pipeline

    named = [job for run in runs for job in pipeline.jobs_of(pipeline.open_ensemble([run]))]
    jobs = list({job.folder.resolve(): job for job in named}.values())  # two teams may share a run
    pipeline.predict_oofs(jobs)
    pipeline.predict_tests(jobs)
    print("\n".join(f"{job.folder}/oof, {job.folder}/test" for job in jobs))


def tune(
    runs: Word[list[Path]],
    mode: AveragingMode = "mean",
    weights: Weights = ("uniform",),
    power: float = 1.0,
    name: str | None = None,
    explain: bool = False,
) -> None:
    """Search gate, thresholds and minimum area of each class on out-of-fold maps; judge them cross-fitted.

    Args:
        runs: a run's folder, runs/NAME; or several, whose maps are averaged.
        mode: averaging mode.
        weights: of several: uniform, selected (on the out-of-fold maps), or a number for each.
        power: the exponent of the power mean.
        name: of the folder for several, runs/NAME.
        explain: also print what each part of each rule is worth.
    """
    from severstal import pipeline
    from severstal.decision.explain import explain_rules as price

    candidate = pipeline.open_ensemble(runs, mode, _weights(weights), power, name)
    rules = pipeline.tune_rules(candidate)
    for class_name, rule in zip(rules.classes, rules.rules, strict=True):
        print(f"{class_name}: {'never drawn' if rule.draws_nothing(candidate.spec) else rule}")
    print(f"out of fold, cross-fitted: {pipeline.score_oof(candidate).score.score:.4f}")
    if explain:
        summary, maps = pipeline.summarise_oof(candidate), pipeline.predict_oof(candidate)
        pictures = candidate.train_pictures if rules.need_pictures else None
        print(price(summary, rules, maps, candidate.masks, pictures).to_text())


def submit(
    runs: Word[list[Path]],
    output: Path = Path("submissions/submission.csv"),
    mode: AveragingMode = "mean",
    weights: Weights = ("uniform",),
    power: float = 1.0,
    name: str | None = None,
    propose: bool = False,
) -> None:
    """Write the submission of a run, or of several together, with its provenance, and print its scorecard.

    Args:
        runs: a run's folder, runs/NAME; or several, whose maps are averaged.
        output: where the submission goes; beside it its provenance, NAME.json, and leaderboard.csv.
        mode: averaging mode.
        weights: of several: uniform, selected (on the out-of-fold maps), or a number for each.
        power: the exponent of the power mean.
        name: of the folder for several, runs/NAME.
        propose: write a stable and a bold submission instead, and say what separates them.
    """
    from severstal import experiments, pipeline

    candidate = pipeline.open_ensemble(runs, mode, _weights(weights), power, name)
    if propose:
        experiments.propose(candidate, output)
        return
    pipeline.submit(candidate, output)
    pipeline.make_scorecard(candidate)
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
