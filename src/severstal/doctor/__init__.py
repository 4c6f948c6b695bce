"""Faults of the data: found, explained, and repaired where the repair is certain."""

from severstal.doctor.examine import examine, write_repair
from severstal.doctor.report import Finding, Report

__all__ = ["Finding", "Report", "examine", "write_repair"]
