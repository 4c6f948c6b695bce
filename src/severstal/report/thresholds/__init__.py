"""Figures and tables of the search for the rules: `from severstal.report import thresholds`."""

from severstal.report.thresholds.explorer import map_explorer, typical_map
from severstal.report.thresholds.folds import rules_by_fold, rules_table
from severstal.report.thresholds.gates import gate_gains
from severstal.report.thresholds.landscapes import rule_landscapes
from severstal.report.thresholds.objective import objectives_table
from severstal.report.thresholds.parts import rule_parts
from severstal.report.thresholds.stable import stability_maps
from severstal.report.thresholds.worth import search_gains

__all__ = [
    "gate_gains",
    "map_explorer",
    "objectives_table",
    "rule_landscapes",
    "rule_parts",
    "rules_by_fold",
    "rules_table",
    "search_gains",
    "stability_maps",
    "typical_map",
]
