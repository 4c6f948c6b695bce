"""What a run folder says of itself: recipe, input folder, shape and classes of the pictures."""

from dataclasses import asdict
from pathlib import Path

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.files import read_json, write_json
from severstal.recipe import Recipe, load_recipe, save_recipe


def write_run(run: Path, recipe: Recipe, root: Path, spec: Spec) -> None:
    """Write `recipe.toml` and `input.json`, by which the run is known again."""
    save_recipe(recipe, run / "recipe.toml")
    write_json(run / "input.json", {"folder": str(root.resolve()), **asdict(spec)})


def read_run(run: str | Path) -> tuple[Recipe, Path, Spec]:
    """Read what `write_run` wrote.

    Returns:
        The recipe, the input folder, and the shape and classes of its pictures.

    Raises:
        SeverstalError: the folder is not a run's, or its files were changed.

    Example:
        >>> read_run("runs/never-made")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: runs/never-made: not a run: give a folder that ... made, as runs/NAME
    """
    run = Path(run)
    if not (run / "recipe.toml").is_file():
        raise SeverstalError(f"{run}: not a run: give a folder that `severstal train` made, as runs/NAME")
    facts = read_json(run / "input.json")
    try:
        spec = Spec(facts["name"], tuple(facts["image_shape"]), tuple(facts["classes"]))
        return load_recipe(run / "recipe.toml"), Path(facts["folder"]), spec
    except (KeyError, TypeError) as error:
        raise SeverstalError(
            f"{run / 'input.json'}: {error} is missing: give the command that trains it again"
        ) from None


def input_of(run: Path) -> Path | None:
    """The input folder of a run that is there; None where there is none."""
    return read_run(run)[1] if (run / "input.json").is_file() else None
