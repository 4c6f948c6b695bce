"""Figures of the errors on out-of-fold images: `from severstal.report import errors`."""

from severstal.report.errors.budget import points_lost
from severstal.report.errors.conditions import error_conditions
from severstal.report.errors.confusion import confusion_matrices
from severstal.report.errors.disputed import most_disputed
from severstal.report.errors.explorer import dice_by_area, worst_pairs
from severstal.report.errors.margins import closest_calls, decisions_by_margin
from severstal.report.errors.worst import worst_errors

__all__ = [
    "closest_calls",
    "confusion_matrices",
    "decisions_by_margin",
    "dice_by_area",
    "error_conditions",
    "most_disputed",
    "points_lost",
    "worst_errors",
    "worst_pairs",
]
