"""The scorecard as text for the terminal, as JSON and as a page of HTML."""

from severstal.report.scorecard.page import PageHead
from severstal.report.scorecard.save import save_page, save_scorecard
from severstal.report.scorecard.text import format_counts, format_scorecard

__all__ = ["PageHead", "format_counts", "format_scorecard", "save_page", "save_scorecard"]
