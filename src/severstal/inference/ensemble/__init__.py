"""Averages of the maps of several runs, computed picture by picture as they are read."""

from severstal.inference.ensemble.combiner import AveragingMode, Combiner, check_mean, fit_combiner
from severstal.inference.ensemble.reader import EnsembleReader, require_same
from severstal.inference.ensemble.selection import Overlap, Selection, measure_overlap, select_weights

__all__ = [
    "AveragingMode",
    "Combiner",
    "EnsembleReader",
    "Overlap",
    "Selection",
    "check_mean",
    "fit_combiner",
    "measure_overlap",
    "require_same",
    "select_weights",
]
