"""What the search for the rules saw, and how far to trust it: `from severstal.report import thresholds`."""

from severstal.report.thresholds.folds import rules_by_fold, rules_table
from severstal.report.thresholds.gates import gate_worth, gates
from severstal.report.thresholds.landscapes import rule_landscapes
from severstal.report.thresholds.objective import objectives
from severstal.report.thresholds.parts import rule_parts
from severstal.report.thresholds.stable import stability_maps
from severstal.report.thresholds.worth import search_gains, search_worth

__all__ = [
    "gate_worth",
    "gates",
    "objectives",
    "rule_landscapes",
    "rule_parts",
    "rules_by_fold",
    "rules_table",
    "search_gains",
    "search_worth",
    "stability_maps",
]
