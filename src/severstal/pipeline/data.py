"""The first stage: the whole input is checked, so that faults are found before any training."""

import logging
from pathlib import Path

from severstal.data.given_folds import read_given_folds
from severstal.errors import SeverstalError
from severstal.processes import is_main_process, main_process_first
from severstal.runs.combining import open_recipe
from severstal.runs.ensemble import Ensemble, RunOrEnsemble, jobs_of
from severstal.runs.job import Job

logger = logging.getLogger("severstal")


def prepare(
    recipe: str | Path = "auto",
    input: str | Path | None = None,
    name: str | None = None,
    folds: str | Path | None = None,
) -> RunOrEnsemble:
    """Open a recipe on an input folder, check the whole input and write the run's description to its folder.

    With several processes that train together, the main one does it while the others wait.

    Args:
        recipe: a recipe's name or TOML file, as for `open_recipe`.
        input: the input folder, as for `open_recipe`.
        name: name of the run, as for `open_recipe`.
        folds: the user's own table of folds, as for `open_recipe`.

    Returns:
        A run, or for a recipe with members an ensemble of runs.

    Raises:
        SeverstalError: the first fault in recipe or input.
    """
    with main_process_first():
        run = open_recipe(recipe, input, name, folds)
        check_input(run)
        if is_main_process():
            record(run)
        return run


def record(run: RunOrEnsemble) -> None:
    """Write the descriptions of a run, or of an ensemble and its members, to their folders."""
    if isinstance(run, Ensemble):
        run.record()
    for job in jobs_of(run):
        job.record()


def check_input(run: RunOrEnsemble) -> dict[str, int]:
    """Read all tables and decode every picture that the run needs, so that faults are found first.

    Returns:
        What was found: `train` and `test` images, `used` of the train images, `masks`, `clean` images.

    Raises:
        SeverstalError: the first fault, with file, row and repair.
    """
    names = run.data.train_names()
    for job in jobs_of(run):
        if isinstance(job.recipe.data.mean, tuple) or isinstance(job.recipe.data.std, tuple):
            _check_colours(job)
    if (given := run.recipe.data.folds_file) is not None:
        read_given_folds(given, names)
    used = set(run.labels.loc[run.labels["ImageId"].isin(run.images), "ClassId"])
    if not used:
        raise SeverstalError(
            f"{run.data.train_csv}: no image in use has a defect, so that there is nothing to learn: label "
            "some, or raise data.max_images"
        )
    for number, name in enumerate(run.spec.classes, start=1):
        if number not in used:
            logger.warning(
                "%s: no image in use has class %d, %s: it is never drawn; label some that do, or leave the "
                "class out of dataset.toml",
                *(run.data.train_csv, number, name),
            )
    test = run.data.has_test
    return {
        "train": len(names),
        "clean": len(names) - run.labels["ImageId"].nunique(),
        "masks": len(run.labels),
        "test": len(run.sample.images) if test else 0,
        "used": len(run.train_pictures),
        "decoded": len(run.train_pictures) + (len(run.test_pictures) if test else 0),
    }


def _check_colours(job: Job) -> None:
    """Refuse three means or deviations for pictures of one channel."""
    if job.spec.channels == 1:
        raise SeverstalError(
            f"recipe {job.recipe.name}: data.mean or data.std has 3 values, and the pictures are read as "
            "grey: give one value, or set channels = 3 in dataset.toml"
        )
