"""The description in a run folder: recipe, input folder, shape and classes of the pictures."""

from pathlib import Path

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.files import read_json, write_json
from severstal.path_checks import refuse_links_outside
from severstal.recipe import Recipe, load_recipe, save_recipe
from severstal.runs.layout import RunFiles


def write_run(run: Path, recipe: Recipe, root: Path, spec: Spec) -> None:
    """Write `recipe.toml` and `input.json`, which identify the run, unless they are up to date."""
    files = RunFiles(run)
    about = {"folder": str(root.resolve()), "name": spec.name, **spec.facts()}
    if not files.recipe.is_file() or load_recipe(files.recipe) != recipe:
        save_recipe(recipe, files.recipe)
    if not files.input.is_file() or read_json(files.input) != about:
        write_json(files.input, about)


def read_run(run: str | Path) -> tuple[Recipe, Path, Spec]:
    """Read what `write_run` wrote.

    Returns:
        The recipe, the input folder, and the shape and classes of its pictures.

    Raises:
        SeverstalError: the folder is not a run, its files were changed, or a symlink in it points outside.

    Example:
        >>> read_run("runs/never-made")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: runs/never-made: not a run: give a folder that ... made, as runs/NAME
    """
    files = RunFiles(Path(run))
    refuse_links_outside(files.folder)
    if not files.recipe.is_file():
        raise SeverstalError(f"{run}: not a run: give a folder that `severstal train` made, as runs/NAME")
    facts = read_json(files.input)
    try:
        spec = Spec.from_facts(facts["name"], facts)
        return load_recipe(files.recipe), Path(facts["folder"]), spec
    except (KeyError, TypeError) as error:
        raise SeverstalError(
            f"{files.input}: {error} is missing: run the command that trains it again"
        ) from None


def input_of(run: Path) -> Path | None:
    """The input folder of a run that is there; None where there is none."""
    return read_run(run)[1] if RunFiles(run).input.is_file() else None
