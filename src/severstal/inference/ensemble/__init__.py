"""Maps of several runs as one: their mean in some sense, formed picture by picture as it is asked for.

Whatever the sense, each member's value passes through a table, the tables' values are averaged with the
members' weights, and the average goes back through the inverse of such a table: Kolmogorov's mean. Since maps
are uint8, a table has 256 entries, and no more than one picture of each member is in memory.
"""

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
