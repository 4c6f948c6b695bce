"""The whole job, its stages, and what was trained on pictures of your own."""

from pathlib import Path

from tyro.conf import Positional as Word


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
) -> None:
    """Run the notebooks top to bottom: the same job, with its pictures, kept in runs/NAME/notebooks.

    Args:
        recipe: its name, or a TOML file; "auto" is baseline with a GPU, else smoke.
        input: the input folder; without it the usual places, then the sample.
        output: where the submission goes.
        refresh: also put the executed notebooks in place of those in notebooks/.
    """
    from severstal.notebooks import run_all

    run_all(recipe, input, output, refresh)


def train(recipe: Word[str] = "auto", input: Path | None = None, name: str | None = None) -> None:
    """Check the input, deal the folds and train them: makes runs/NAME.

    Args:
        recipe: its name, or a TOML file; "auto" is baseline with a GPU, else smoke.
        input: the input folder; without it the usual places, then the sample.
        name: of the run's folder, runs/NAME; without it recipe and input folder.
    """
    from severstal import pipeline
    from severstal.job import open_job

    job = open_job(recipe, input, name)
    pipeline.check_input(job)
    pipeline.train_folds(job)
    print(job.folder)


def predict(run: Word[Path]) -> None:
    """Predict the labelled images out of fold, and the test images, with the run's networks.

    Args:
        run: its folder, runs/NAME.
    """
    from severstal import pipeline
    from severstal.job import reopen_job

    job = reopen_job(run)
    pipeline.predict_oof(job)
    pipeline.predict_test(job)
    print(f"{run}/oof, {run}/test")


def tune(run: Word[Path]) -> None:
    """Search each class's threshold and minimum area on the run's out-of-fold maps.

    Args:
        run: its folder, runs/NAME.
    """
    from severstal import pipeline
    from severstal.job import reopen_job

    _, result = pipeline.tune_rules(reopen_job(run))
    for name, rule in zip(result.rules.classes, result.rules.rules, strict=True):
        print(f"{name}: threshold {rule.high:.3f}, at least {rule.min_area} pixels")


def submit(run: Word[Path], output: Path = Path("submissions/submission.csv")) -> None:
    """Write the submission of a run, and print its scorecard.

    Args:
        run: its folder, runs/NAME.
        output: where the submission goes.
    """
    from severstal import pipeline
    from severstal.job import reopen_job

    job = reopen_job(run)
    pipeline.submit(job, output)
    pipeline.make_scorecard(job)
    print(output)


def segment(run: Word[Path], images: Word[list[Path]], output: Path) -> None:
    """Segment pictures of your own: an outline picture of each, and masks.csv in train.csv's form.

    Args:
        run: its folder, runs/NAME.
        images: picture files.
        output: folder for what comes out.
    """
    import severstal
    from severstal.deploy.segment import segment_files

    print(f"{output}: {segment_files(severstal.load(run), images, output)} masks on {len(images)} pictures")
