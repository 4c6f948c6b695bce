"""The runs of a folder as a table for a terminal."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from severstal.evaluation.labels import shorten
from severstal.report.columns import lay_out

NAME_WIDTH = 32
INPUT_WIDTH = 18
SOURCES = {"out of fold": "oof", "validation": "val", None: ""}


@dataclass(frozen=True)
class RunRow:
    """What a run, or a team of runs, says of itself.

    Attributes:
        name: of its folder.
        recipe: its name.
        members: names of the runs that are averaged; none where it is a run.
        input: the input folder.
        folds_done: folds whose training is done; a team's are those of its members together.
        folds: that the recipe trains.
        epochs: trained in all folds and rounds together.
        score: 0 to 1; nan where nothing is scored yet.
        score_of: "out of fold" is the scorecard's, each image drawn by rules searched without its fold;
            "validation" the mean over the folds of their best epochs at the plain rule, which flatters, since
            the epoch was chosen on the same images.
        seconds: spent in these epochs.
        commit: of the code, as the run began the last time; None where it is not known.
    """

    name: str
    recipe: str
    members: tuple[str, ...]
    input: str
    folds_done: int
    folds: int
    epochs: int
    score: float
    score_of: Literal["out of fold", "validation"] | None
    seconds: float
    commit: str | None

    def to_dict(self) -> dict[str, Any]:
        """All of it as values that JSON knows: None for nan."""
        return asdict(self) | {"score": None if math.isnan(self.score) else self.score}


@dataclass(frozen=True)
class RunTable:
    """The folders among the runs.

    Attributes:
        runs: the best score first, those without one last.
        others: name of each folder that is no run, and why.
    """

    runs: tuple[RunRow, ...]
    others: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """All of it as values that JSON knows."""
        return {
            "runs": [run.to_dict() for run in self.runs],
            "others": [{"name": name, "reason": reason} for name, reason in self.others],
        }


def format_runs(table: RunTable) -> str:
    """Lay out runs as plain text for a terminal, 120 columns wide where no name is cut.

    Example:
        >>> figures = 1, 2, 5, 0.9, "validation", 230.0, "ab12" * 10
        >>> row = RunRow("smoke-sample", "smoke", (), "data/sample", *figures)
        >>> print(format_runs(RunTable((row,), (("old", "no recipe.toml"),))))
        run           recipe  input   folds  epochs  score         time  commit
        smoke-sample  smoke   sample  1/2         5  0.9000 val   4 min  ab12ab12a
        val: best epochs of the folds at the plain rule, chosen on the images that they are scored on
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
        score = "-" if math.isnan(run.score) else f"{run.score:.4f} {SOURCES[run.score_of]}"
        cells.append(
            (
                shorten(run.name, NAME_WIDTH),
                shorten(run.recipe, NAME_WIDTH),
                shorten(run.input.rstrip("/").rpartition("/")[2], INPUT_WIDTH),
                f"{run.folds_done}/{run.folds}",
                str(run.epochs),
                score,
                _duration(run.seconds),
                "-" if run.commit is None else run.commit[:9],
            )
        )
    lines = lay_out(cells, right={4, 6})  # numbers
    told = {run.score_of for run in runs}
    if "out of fold" in told:
        lines.append("oof: out of fold, each image drawn by rules that were searched without its fold")
    if "validation" in told:
        lines.append(
            "val: best epochs of the folds at the plain rule, chosen on the images that they are scored on"
        )
    return lines


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"
