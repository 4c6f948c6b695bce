"""The names of a release's files, and those that describe the model: its description and its recipes."""

from dataclasses import replace
from pathlib import Path

from severstal.deploy.model import ModelDescription
from severstal.deploy.release.manifest import ReleaseFiles
from severstal.errors import SeverstalError
from severstal.files import read_json, write_json
from severstal.recipe import Recipe, load_recipe, save_recipe

MODEL_FILE = "model.json"
CARD_FILE = "README.md"
COMBINER_FILE = "combiner.json"
ONNX_FILE = "model.onnx"
PARITY_FILE = "onnx.json"


def recipe_file(member: int) -> str:
    """The recipe of a member, counted from 1."""
    return f"member{member}.toml"


def weights_file(member: int, fold: int) -> str:
    """The weights of a member's fold; members are counted from 1, folds from 0.

    Example:
        >>> weights_file(1, 4)
        'member1-fold4.safetensors'
    """
    return f"member{member}-fold{fold}.safetensors"


def portable_recipe(recipe: Recipe) -> Recipe:
    """A recipe without the files that it names, of the encoder's weights and of folds: a machine's paths.

    Example:
        >>> from severstal.recipe import ModelSettings
        >>> recipe = Recipe(model=ModelSettings(encoder_weights="/home/me/a.safetensors"))
        >>> portable_recipe(recipe).model.encoder_weights
        'none'
    """
    recipe = replace(recipe, data=replace(recipe.data, folds_file=None))
    if not recipe.model.encoder_weights.endswith(".safetensors"):
        return recipe
    return replace(recipe, model=replace(recipe.model, encoder_weights="none"))


def portable_description(description: ModelDescription) -> ModelDescription:
    """A description without the files that its members' settings name."""
    members = (replace(member, data=replace(member.data, folds_file=None)) for member in description.members)
    return replace(description, members=tuple(members))


def write_contents(folder: Path, description: ModelDescription, recipes: list[Recipe]) -> None:
    """Write the description, and the recipe of each member."""
    write_json(folder / MODEL_FILE, portable_description(description).to_json())
    for number, recipe in enumerate(recipes, 1):
        save_recipe(portable_recipe(recipe), folder / recipe_file(number))


def read_description(files: ReleaseFiles) -> ModelDescription:
    """Read the description of a release.

    Raises:
        SeverstalError: it is missing or not one.
    """
    path = files.path(MODEL_FILE)
    return ModelDescription.from_json(read_json(path), str(path))


def read_recipes(files: ReleaseFiles, description: ModelDescription) -> list[Recipe]:
    """Read the recipe of each member.

    Raises:
        SeverstalError: one is missing or faulty, or is another than the description says.
    """
    recipes = []
    for number, member in enumerate(description.members, 1):
        path = files.path(recipe_file(number))
        recipe = load_recipe(path)
        if recipe.data != replace(member.data, folds_file=None) or recipe.members:
            raise SeverstalError(f"{path}: differs from what {MODEL_FILE} describes: pack it again")
        recipes.append(recipe)
    return recipes
