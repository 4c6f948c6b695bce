"""Recipes: the settings of an experiment, as frozen dataclasses and TOML files with defaults."""

from severstal.recipe.data import (
    AugmentSettings,
    DataSettings,
    DistillSettings,
    PseudoSettings,
    SamplingSettings,
)
from severstal.recipe.network import LossSettings, ModelSettings
from severstal.recipe.outcome import DecisionSettings, EnsembleSettings, InferenceSettings
from severstal.recipe.reading import RECIPES, load_recipe, recipe_names, save_recipe
from severstal.recipe.recipe import PLAIN_NAME, Recipe
from severstal.recipe.training import PhaseSettings, TrainingSettings

__all__ = [
    "PLAIN_NAME",
    "RECIPES",
    "AugmentSettings",
    "DataSettings",
    "DecisionSettings",
    "DistillSettings",
    "EnsembleSettings",
    "InferenceSettings",
    "LossSettings",
    "ModelSettings",
    "PhaseSettings",
    "PseudoSettings",
    "Recipe",
    "SamplingSettings",
    "TrainingSettings",
    "load_recipe",
    "recipe_names",
    "save_recipe",
]
