"""What is wrong with the data: found, explained, and mended where that is certain."""

from severstal.competition.doctor.examine import check_output, examine, write_repair
from severstal.competition.doctor.report import Finding, Report

__all__ = ["Finding", "Report", "check_output", "examine", "write_repair"]
