"""Recipes on disk: TOML files that list only what differs from the defaults."""

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

# Networks with batch normalisation behind a global average pooling: of one crop it sees one value per
# channel, which has no variance. For other networks this depends on encoder and crop: training tries them.
NEEDS_TWO_CROPS = ("deeplab_v3", "deeplab_v3plus", "ksac", "pan", "upernet")


def recipe_names() -> list[str]:
    """Names of the recipes that the package contains, in alphabetical order.

    Example:
        >>> recipe_names()[:3]
        ['baseline', 'catalyst_kernel', 'champion']
    """
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_recipe(name: str | Path) -> Recipe:
    """Read a recipe of the package by its name, or any other by the path of its TOML file.

    Args:
        name: name of the recipe, or the path of a TOML file that names only what differs from the defaults.

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
    """Write every setting of a recipe as TOML, atomically; `load_recipe` gives the same recipe again."""
    write_text(path, tomli_w.dumps(recipe.to_dict()))


def _member(recipe: Mapping[str, Any], member: Any) -> Any:
    """Return a member's settings: the recipe's, except those in its own tables; its name comes after it."""
    if not isinstance(member, Mapping):
        return member  # building the recipe reports the fault
    whole = {key: value for key, value in recipe.items() if key not in ("members", "ensemble")}
    for key, value in member.items():
        both = isinstance(value, Mapping) and isinstance(whole.get(key), Mapping)
        whole[key] = {**whole[key], **value} if both else value
    prefix, name = f"{recipe['name']}-", str(member.get("name", ""))
    return whole | {"name": name if name.startswith(prefix) else prefix + name}


def _check_members(recipe: Recipe, source: str) -> None:
    """Refuse members that cannot be averaged or would share a run's folder."""
    names = [member.name for member in recipe.members]
    if not names and recipe.ensemble != EnsembleSettings():
        raise SeverstalError(f"{source}: [ensemble] is set without members to average: add [[members]]")
    if len(names) == 1:
        raise SeverstalError(f"{source}: only one member: add a second, or leave [[members]] out")
    for member in recipe.members:
        if member.members:
            fault = "has members of its own: put all members into one list"
        elif names.count(member.name) > 1 or member.name == f"{recipe.name}-":
            fault = "has no name of its own: set name in [[members]]"
        elif _split(member) != _split(recipe):
            fault = (
                "has other folds than the recipe: set folds, train_folds, folds_file, max_images and "
                "fold_seed in the recipe's own [data] only, and set fold_seed there if members have seeds of "
                "their own"
            )
        else:
            continue
        raise SeverstalError(f"{source}: member {member.name!r} {fault}")


def _split(recipe: Recipe) -> tuple[int | str | None, ...]:
    """All settings that determine which image is held out of which network."""
    data = recipe.data
    return data.folds, data.train_folds, data.folds_file, data.max_images, recipe.fold_seed


def _repeated_view(settings: InferenceSettings) -> str | None:
    """The fault of a test-time augmentation that is listed twice; None where none is."""
    for name in ("flips", "shifts", "scales"):
        values = getattr(settings, name)
        if len(set(values)) < len(values):
            return f"inference.{name} is {values!r}: list each value once"
    return None


def _beside_distillation(recipe: Recipe) -> str | None:
    """The first setting that distillation does not go with; None where there is none.

    The teacher's probabilities follow crops, flips and resizing, and nothing that moves or replaces steel
    within the picture.
    """
    found = {
        "pseudo.rounds": recipe.pseudo.rounds,
        "training.overfit_images": recipe.training.overfit_images,
        "augment.cyclic_shift": recipe.augment.cyclic_shift,
        "augment.blackout": recipe.augment.blackout,
        "augment.copy_paste": recipe.augment.copy_paste,
        "augment.mixup": recipe.augment.mixup,
    }
    return next((f"{name} = {value:g}" for name, value in found.items() if value), None)


def check_together(recipe: Recipe, source: str) -> None:
    """Refuse settings that are valid by themselves and contradict each other.

    Raises:
        SeverstalError: two settings contradict each other; the message starts with `source`.
    """
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
        fault = f"training.accumulate is {parts}: give at most the {batch} crops of a batch"
    elif recipe.training.accumulate == batch and recipe.model.architecture in NEEDS_TWO_CROPS:
        fault = (
            "training.batch_size / accumulate makes micro-batches of one crop, which the batch normalisation "
            f"of {recipe.model.architecture} cannot use: give micro-batches of 2 or more"
        )
    elif recipe.inference.weights == "swa" and not recipe.training.swa:
        fault = "inference.weights is 'swa' and training.swa is 0: set training.swa above 0"
    elif recipe.inference.weights == "soup" and not recipe.training.soup:
        fault = "inference.weights is 'soup' and training.soup is 0: set training.soup above 0"
    elif recipe.pseudo.rounds and recipe.training.overfit_images:
        rounds = recipe.pseudo.rounds
        fault = f"pseudo.rounds is {rounds} with training.overfit_images: set one of the two to 0"
    elif recipe.pseudo.rounds and recipe.pseudo.share * batch < 1 - 1e-9:
        fault = (
            f"pseudo.share is {recipe.pseudo.share:g} of batches of {batch}, which is less than one "
            f"pseudo-labelled crop: give {math.ceil(100 / batch) / 100:g} or more, or larger batches"
        )
    elif recipe.distill.weight and (other := _beside_distillation(recipe)):
        fault = f"distill.weight is {recipe.distill.weight:g} with {other}: set one of the two to 0"
    elif recipe.distill.unlabelled and not recipe.distill.weight:
        fault = f"distill.unlabelled is {recipe.distill.unlabelled:g} and distill.weight 0: set it above 0"
    elif 0 < recipe.distill.unlabelled * batch < 1 - 1e-9:
        fault = (
            f"distill.unlabelled is {recipe.distill.unlabelled:g} of batches of {batch}, which is less than "
            f"one crop: give {math.ceil(100 / batch) / 100:g} or more, or larger batches"
        )
    elif [phase.start for phase in recipe.phases] != sorted({phase.start for phase in recipe.phases}):
        fault = "phases are not in ascending order of start: sort them, and give each another start"
    elif not PLAIN_NAME.fullmatch(recipe.name):
        fault = f"name is {recipe.name!r}: use letters, digits, - and _, since it names the run's folder"
    else:
        return
    raise SeverstalError(f"{source}: {fault}")
