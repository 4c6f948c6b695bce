"""Experiments on whole trainings: ablation, comparison of recipes, and which submissions to choose."""

from severstal.experiments.ablation import ablate
from severstal.experiments.comparison import compare_recipes, draw_heldout
from severstal.experiments.proposal import format_proposals, propose

__all__ = ["ablate", "compare_recipes", "draw_heldout", "format_proposals", "propose"]
