"""The rows of the table of runs."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class RunRow:
    """State and score of a run or an ensemble.

    Attributes:
        name: name of the folder.
        recipe: name of the recipe.
        members: names of the averaged runs; empty for a single run.
        input: the input folder.
        folds_done: number of folds with a finished training, over all members.
        folds: number of folds that the recipe trains.
        epochs: number of epochs, in all folds and rounds together.
        score: 0 to 1; nan without a score.
        score_of: "out of fold": of the scorecard, under rules searched without each image's fold;
            "validation": the mean over the folds of their best epochs at plain 0.5, biased upwards, as the
            epoch was selected on the same images.
        seconds: seconds spent in these epochs.
        commit: commit of the code when the run last started; None where it is not known.
        leaking: number of held-out images that are near-duplicates of images in another fold.
        held: number of held-out images; 0 where the near-duplicates are not known.
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
    leaking: int = 0
    held: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON values; None for nan."""
        return asdict(self) | {"score": None if math.isnan(self.score) else self.score}


@dataclass(frozen=True)
class RunTable:
    """The runs in a folder.

    Attributes:
        runs: the highest score first, those without one last.
        others: name of each folder that is not a run, and the reason.
    """

    runs: tuple[RunRow, ...]
    others: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """The table as JSON values."""
        return {
            "runs": [run.to_dict() for run in self.runs],
            "others": [{"name": name, "reason": reason} for name, reason in self.others],
        }
