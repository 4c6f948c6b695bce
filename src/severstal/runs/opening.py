"""From a recipe, an input folder and a name to a job; or from a run's folder back to it."""

import logging
from dataclasses import replace
from pathlib import Path

import torch

from severstal.competition.folder import SAMPLE_FOLDER, locate_input, open_input
from severstal.data.given_folds import count_given_folds
from severstal.errors import SeverstalError
from severstal.path_checks import refuse_links_outside
from severstal.recipe import PLAIN_NAME, Recipe, load_recipe
from severstal.recipe.names import plain_name
from severstal.recipe.switches import change
from severstal.runs.folder import input_of, read_run
from severstal.runs.job import Job
from severstal.runs.layout import RUNS, RunFiles
from severstal.synthetic import draw_sample

logger = logging.getLogger("severstal")


def open_job(
    recipe: str | Path | Recipe = "auto",
    input: str | Path | None = None,
    name: str | None = None,
    folds: str | Path | None = None,
) -> Job:
    """Choose recipe, input folder and run folder; nothing is written yet.

    Args:
        recipe: a recipe, its name or the path of its TOML file; "auto" is `baseline` with a GPU, else
            `smoke`.
        input: the input folder; None takes the first of the usual places, and renders the sample data set
            where there is none.
        name: name of the run; None for recipe and input folder, such as `smoke-sample`.
        folds: the user's own table of folds, in place of the recipe's `data.folds_file`.

    Returns:
        The job.

    Raises:
        SeverstalError: the recipe or the input folder is faulty, or the recipe has several networks
            (`open_recipe` opens such a one), or the run folder belongs to another input.
    """
    recipe, root = choose_recipe(recipe, folds), choose_input(input)
    if recipe.members:
        raise SeverstalError(
            f"recipe {recipe.name} has {len(recipe.members)} members: train it as an ensemble"
        )
    data = open_input(root)
    return Job(recipe, data, claim_folder(name or default_name(recipe, root), root))


def open_run(folder: str | Path, input: str | Path | None = None) -> Job:
    """Open the folder of an earlier run again.

    Args:
        folder: `runs/NAME`.
        input: the input folder, where it is no longer where the run found it.

    Raises:
        SeverstalError: the folder is not a run's, or its input folder is gone.
    """
    files = RunFiles(Path(folder))
    if files.is_ensemble:
        raise SeverstalError(f"{folder}: is an ensemble of runs: give one of its runs")
    recipe, root, _ = read_run(folder)
    return Job(recipe, open_input(root if input is None else input), files.folder)


def choose_recipe(recipe: str | Path | Recipe = "auto", folds: str | Path | None = None) -> Recipe:
    """A recipe as it is, by its name, or read from its TOML file; "auto" as `open_job` has it.

    Where folds are given, here or in `data.folds_file`, it has as many as their table.

    Example:
        >>> choose_recipe("champion").members[0].name
        'champion-fpn-convnext'
    """
    if recipe == "auto":
        recipe = "baseline" if torch.cuda.is_available() else "smoke"
    if not isinstance(recipe, Recipe):
        recipe = load_recipe(recipe)
    given = recipe.data.folds_file if folds is None else folds
    return recipe if given is None else _with_given_folds(recipe, Path(given).resolve())


def _with_given_folds(recipe: Recipe, path: Path) -> Recipe:
    """The recipe, and each of its members, with the folds of a table."""
    count, data = count_given_folds(path), recipe.data
    trained = count if data.train_folds == data.folds else min(data.train_folds, count)
    values = {"data.folds_file": str(path), "data.folds": count, "data.train_folds": trained}
    members = tuple(change(member, values) for member in recipe.members)
    return replace(change(recipe, values), members=members)


def choose_input(input: str | Path | None = None) -> Path:
    """The input folder named, or found by `locate_input`, or else the sample, which is rendered then."""
    root = locate_input(input)
    if root is None:
        root = SAMPLE_FOLDER
        logger.info("no input folder: rendering the sample data set in %s", root)
        draw_sample(root)
    return root


def default_name(recipe: Recipe, root: Path) -> str:
    """The name of a run that was given none: recipe and input folder, as a valid folder name.

    Example:
        >>> default_name(Recipe(name="smoke"), Path("/my data"))
        'smoke-my-data'
    """
    return f"{recipe.name}-{plain_name(root.resolve().name)}"


def claim_folder(name: str, root: Path, ensemble: bool = False) -> Path:
    """Check the name of a run's or an ensemble's folder and return its path; nothing is written.

    Args:
        name: name of the folder.
        root: path of the input folder.
        ensemble: whether the folder is an ensemble's.

    Raises:
        SeverstalError: the name cannot be a folder's, or the folder holds what must not be overwritten.

    Example:
        >>> claim_folder("never-made", Path("input")).as_posix()
        'runs/never-made'
    """
    if not PLAIN_NAME.fullmatch(name):
        raise SeverstalError(f"--name {name}: give letters, digits, - and _, since it names the run's folder")
    files = RunFiles(RUNS / name)
    refuse_links_outside(files.folder)
    earlier = input_of(files.folder)
    if earlier is not None and ensemble != files.is_ensemble:
        held = "a run" if ensemble else "an ensemble of runs"
        raise SeverstalError(f"{files.folder}: holds {held}: give this one another name with --name")
    if earlier not in (None, root.resolve()):
        raise SeverstalError(
            f"{files.folder}: holds a run on {earlier}: give this one another name with --name"
        )
    return files.folder
