"""Recipes on disk: TOML files that name only what differs from the defaults."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from severstal.errors import SeverstalError
from severstal.files import write_text
from severstal.recipe.outcome import EnsembleSettings, InferenceSettings
from severstal.recipe.recipe import PLAIN_NAME, Recipe
from severstal.settings import build, read_toml

RECIPES = Path(__file__).parents[1] / "recipes"

# Their batch normalisation sees the mean of each picture: of one picture one value a channel, no variance.
# Other networks depend on encoder and crop: those the training tries. These are known before it begins.
NEVER_ALONE = ("deeplab_v3", "deeplab_v3plus", "ksac", "pan", "upernet")


def recipe_names() -> list[str]:
    """Names of the recipes that come with the project.

    Example:
        >>> recipe_names()[:3]
        ['baseline', 'catalyst_kernel', 'champion']
    """
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_recipe(name: str | Path) -> Recipe:
    """Read a recipe that comes with the project by its name, or any other by the path of its TOML file.

    Raises:
        SeverstalError: no such recipe, or a key is unknown (the nearest known one is named), or its value
            is of another type or outside its range.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = RECIPES / f"{name}.toml"
        if str(name) not in recipe_names():
            known = ", ".join(recipe_names())
            raise SeverstalError(
                f"recipe {str(name)!r} is unknown: take one of {known}, or the path of a .toml"
            )
    try:
        settings = read_toml(path)
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such recipe: correct the path") from None
    settings.setdefault("name", path.stem)
    if isinstance(members := settings.get("members"), list):
        settings["members"] = [_member(settings, each) for each in members]
    recipe = build(Recipe, settings, str(path))
    for each in recipe.members or [recipe]:
        check_together(each, str(path))
    _check_members(recipe, str(path))
    return recipe


def save_recipe(recipe: Recipe, path: str | Path) -> None:
    """Write every setting of a recipe as TOML, so that `load_recipe` gives the same recipe again."""
    write_text(path, tomli_w.dumps(recipe.to_dict()))


def _member(recipe: Mapping[str, Any], member: Any) -> Any:
    """A member's settings: the recipe's, but for what its own tables name; its name follows the recipe's."""
    if not isinstance(member, Mapping):
        return member  # what is wrong with it is said where the recipe is built
    whole = {key: value for key, value in recipe.items() if key not in ("members", "ensemble")}
    for key, value in member.items():
        both = isinstance(value, Mapping) and isinstance(whole.get(key), Mapping)
        whole[key] = {**whole[key], **value} if both else value
    prefix, name = f"{recipe['name']}-", str(member.get("name", ""))
    return whole | {"name": name if name.startswith(prefix) else prefix + name}


def _check_members(recipe: Recipe, source: str) -> None:
    """Refuse members that could not be averaged or would share a run's folder."""
    names = [member.name for member in recipe.members]
    if not names and recipe.ensemble != EnsembleSettings():
        raise SeverstalError(f"{source}: ensemble averages members, and there are none: add [[members]]")
    if len(names) == 1:
        raise SeverstalError(f"{source}: members is one network: name a second, or do without [[members]]")
    for member in recipe.members:
        if member.members:
            fault = "has members of its own: name all networks in one list"
        elif names.count(member.name) > 1 or member.name == f"{recipe.name}-":
            fault = "needs a name of its own: set name in [[members]]"
        elif _deal(member) != _deal(recipe):
            fault = (
                "has other folds than the recipe: leave folds, train_folds, max_images and fold_seed to its "
                "[data], and name fold_seed there where members have seeds of their own"
            )
        else:
            continue
        raise SeverstalError(f"{source}: member {member.name!r} {fault}")


def _deal(recipe: Recipe) -> tuple[int, int, int, int]:
    """All that says which image is held out of which network."""
    return recipe.data.folds, recipe.data.train_folds, recipe.data.max_images, recipe.fold_seed


def _repeated_view(settings: InferenceSettings) -> str | None:
    """What to say where a view of a picture stands twice."""
    for name in ("flips", "shifts", "scales"):
        values = getattr(settings, name)
        if len(set(values)) < len(values):
            return f"inference.{name} is {values!r}: name each once"
    return None


def check_together(recipe: Recipe, source: str) -> None:
    """Refuse settings that are possible alone but not together."""
    data, scale, loss = recipe.data, recipe.inference.map_scale, recipe.loss.classes
    batch = min([recipe.training.batch_size, *(phase.batch_size or 4096 for phase in recipe.phases)])
    if data.train_folds > data.folds:
        fault = f"data.train_folds is {data.train_folds}: there are {data.folds} folds (data.folds)"
    elif scale % data.scale:
        fault = f"inference.map_scale is {scale}: give a multiple of data.scale, {data.scale}"
    elif loss and not recipe.model.class_head:
        fault = f"loss.classes is {loss:g} without a class head: set model.class_head = true"
    elif repeated := _repeated_view(recipe.inference):
        fault = repeated
    elif recipe.training.accumulate > batch:
        parts = recipe.training.accumulate
        fault = f"training.accumulate is {parts}: a batch of {batch} cannot be cut into so many parts"
    elif recipe.training.accumulate == batch and recipe.model.architecture in NEVER_ALONE:
        fault = (
            "training.batch_size / accumulate leaves parts of one picture, which the batch normalisation of "
            f"{recipe.model.architecture} cannot take: give parts of 2 or more"
        )
    elif recipe.inference.weights == "swa" and not recipe.training.swa:
        fault = "inference.weights is 'swa' without such an average: set training.swa"
    elif recipe.inference.weights == "soup" and not recipe.training.keep_best:
        fault = "inference.weights is 'soup' without such an average: set training.keep_best"
    elif recipe.pseudo.rounds and recipe.training.overfit_images:
        rounds = recipe.pseudo.rounds
        fault = f"pseudo.rounds is {rounds} with training.overfit_images: set one of the two to 0"
    elif recipe.pseudo.rounds and recipe.pseudo.share * batch < 1 - 1e-9:
        fault = (
            f"pseudo.share is {recipe.pseudo.share:g} of batches of {batch}, which has no place for a single "
            f"pseudo-labelled crop: give {math.ceil(100 / batch) / 100:g} or more, or larger batches"
        )
    elif [phase.start for phase in recipe.phases] != sorted({phase.start for phase in recipe.phases}):
        fault = "phases are not in the order of their starts: sort them, each start once"
    elif not PLAIN_NAME.fullmatch(recipe.name):
        fault = f"name is {recipe.name!r}: give letters, digits, - and _, since it names the run's folder"
    else:
        return
    raise SeverstalError(f"{source}: {fault}")
