"""The list of runs as text."""

import math
from collections.abc import Sequence

from severstal.evaluation.labels import truncate
from severstal.report.columns import format_columns
from severstal.runs.leaks import describe_leaking
from severstal.runs.rows import RunRow, RunTable

_NAME_WIDTH = 32
_INPUT_WIDTH = 18
_SOURCES = {"out of fold": "oof", "validation": "val", None: ""}


def format_runs(table: RunTable) -> str:
    """Format runs as plain text for a terminal, 120 columns wide unless a name is longer.

    Example:
        >>> figures = 1, 2, 5, 0.9, "validation", 230.0, "ab12" * 10
        >>> row = RunRow("smoke-sample", "smoke", (), "data/sample", *figures)
        >>> print(format_runs(RunTable((row,), (("old", "no recipe.toml"),))))
        run           recipe  input   folds  epochs  score         time  commit
        smoke-sample  smoke   sample  1/2         5  0.9000 val   4 min  ab12ab12a
        val: mean of the folds' best epochs at plain 0.5, selected on the images that they are scored on
        old: not a run (no recipe.toml)
        >>> print(format_runs(RunTable((), ())))
        no run yet: `severstal train RECIPE --input FOLDER` makes one
    """
    lines = _rows(table.runs) if table.runs else []
    if not lines:
        lines.append("no run yet: `severstal train RECIPE --input FOLDER` makes one")
    lines += [f"{name}: not a run ({reason})" for name, reason in table.others]
    return "\n".join(lines)


def _rows(runs: Sequence[RunRow]) -> list[str]:
    cells = [("run", "recipe", "input", "folds", "epochs", "score", "time", "commit")]
    for run in runs:
        score = "-" if math.isnan(run.score) else f"{run.score:.4f} {_SOURCES[run.score_of]}"
        cells.append(
            (
                truncate(run.name, _NAME_WIDTH),
                truncate(run.recipe, _NAME_WIDTH),
                truncate(run.input.rstrip("/").rpartition("/")[2], _INPUT_WIDTH),
                f"{run.folds_done}/{run.folds}",
                str(run.epochs),
                score,
                _duration(run.seconds),
                "-" if run.commit is None else run.commit[:9],
            )
        )
    lines = format_columns(cells, right={4, 6})  # numbers
    sources = {run.score_of for run in runs}
    if "out of fold" in sources:
        lines.append("oof: out of fold, under rules searched without each image's fold")
    if "validation" in sources:
        lines.append(
            "val: mean of the folds' best epochs at plain 0.5, selected on the images that they are scored on"
        )
    lines += [f"{run.name}: {describe_leaking(run.leaking, run.held)}" for run in runs if run.leaking]
    return lines


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"
