"""What went wrong on images that no network and no rule had seen: `from severstal.report import errors`."""

from severstal.report.errors.budget import points_lost
from severstal.report.errors.conditions import error_conditions, error_rates
from severstal.report.errors.confusion import confuse, confusion_matrices
from severstal.report.errors.members import disagreement_matrices, member_spread, most_disputed
from severstal.report.errors.table import error_counts, pair_errors
from severstal.report.errors.undecided import close_calls, closest_calls, decisions_by_margin
from severstal.report.errors.worst import worst_errors

__all__ = [
    "close_calls",
    "closest_calls",
    "confuse",
    "confusion_matrices",
    "decisions_by_margin",
    "disagreement_matrices",
    "error_conditions",
    "error_counts",
    "error_rates",
    "member_spread",
    "most_disputed",
    "pair_errors",
    "points_lost",
    "worst_errors",
]
