"""The command line: one subcommand a job, one call each."""

import sys
from pathlib import Path

import tyro

from severstal.errors import SeverstalError
from severstal.files import write_json

Word = tyro.conf.Positional
Paths = tyro.conf.UseAppendAction


def sample(
    output: Path = Path("input/sample"), images: int = 480, test_images: int = 120, seed: int = 0
) -> None:
    """Draw synthetic steel in the competition's layout, with the truth of its test set.

    Args:
        output: the folder to make.
        images: labelled pictures.
        test_images: pictures to be segmented.
        seed: another seed draws other pictures.
    """
    from severstal.data.sample import draw_sample

    draw_sample(output, images, test_images, seed)
    print(f"{output}: {images} labelled and {test_images} test pictures")


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


COMMANDS = {
    command.__name__: command
    for command in (sample, run, notebooks, train, predict, tune, submit, segment, check, score)
}


def main(arguments: list[str] | None = None) -> None:
    """Run a subcommand; an error that a person can repair is one line and exit code 2."""
    try:
        code = tyro.extras.subcommand_cli_from_dict(
            COMMANDS,
            prog="severstal",
            description="Kaggle's Severstal: Steel Defect Detection.",
            args=arguments,
        )
    except SeverstalError as error:
        print(f"severstal: {error}", file=sys.stderr)
        code = error.exit_code
    except OSError as error:  # of a file that nothing above foresaw
        print(f"severstal: {error.filename or 'input or output'}: {error.strerror or error}", file=sys.stderr)
        code = SeverstalError.exit_code
    except KeyboardInterrupt:
        print("severstal: stopped: the same command goes on from here", file=sys.stderr)
        code = 130
    sys.exit(code or 0)
