"""The score with what it is made of: for the terminal, as JSON and as a page of HTML."""

from severstal.report.scorecard.calibration import Calibration, Reliability, calibrate
from severstal.report.scorecard.card import Scorecard, Yardstick, crossfit_scorecard, make_scorecard
from severstal.report.scorecard.counts import ClassCount, count_classes, format_counts
from severstal.report.scorecard.save import save_page, save_scorecard
from severstal.report.scorecard.text import format_scorecard
from severstal.report.scorecard.worth import RuleWorth, judge_rules

__all__ = [
    "Calibration",
    "ClassCount",
    "Reliability",
    "RuleWorth",
    "Scorecard",
    "Yardstick",
    "calibrate",
    "count_classes",
    "crossfit_scorecard",
    "format_counts",
    "format_scorecard",
    "judge_rules",
    "make_scorecard",
    "save_page",
    "save_scorecard",
]
