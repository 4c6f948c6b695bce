"""The command line: `severstal --help`."""

from severstal.cli.commands import main

__all__ = ["main"]
