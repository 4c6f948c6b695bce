"""Where the weights of a run lie."""

from pathlib import Path

from severstal.recipe import Recipe


def weights_path(run: str | Path, recipe: Recipe, fold: int) -> Path:
    """The weights of a fold that are predicted with, as the recipe chooses.

    Example:
        >>> weights_path("runs/a", Recipe(), 2).as_posix()
        'runs/a/fold2/model.safetensors'
    """
    name = "model" if recipe.inference.weights == "best" else recipe.inference.weights
    return Path(run) / f"fold{fold}" / f"{name}.safetensors"
