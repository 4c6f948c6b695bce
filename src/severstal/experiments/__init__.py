"""Experiments made of whole trainings: what a switch is worth, which recipe is better, what to submit."""

from severstal.experiments.ablation import ablate
from severstal.experiments.comparison import compare_recipes, draw_heldout
from severstal.experiments.proposal import format_proposals, propose

__all__ = ["ablate", "compare_recipes", "draw_heldout", "format_proposals", "propose"]
