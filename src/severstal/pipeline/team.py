"""Several runs as one: what a run is to the decisions, a team of runs is too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from severstal.competition.folder import InputFolder
from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.competition.tables import Sample
from severstal.errors import SeverstalError
from severstal.files import digest, read_json, write_json
from severstal.inference.ensemble import Sense
from severstal.job import RUNS, Job, reopen_job
from severstal.recipe import PLAIN_NAME, Recipe
from severstal.training.run_folder import write_run

TEAM = "team.json"

Weights = Literal["uniform", "selected"] | tuple[float, ...]


@dataclass(frozen=True)
class Team:
    """Runs on one input folder whose maps are averaged.

    Attributes:
        members: the runs, at least two.
        sense: of the mean.
        weights: "uniform"; "selected" on the out-of-fold maps, pulled toward the uniform mean; or one a run.
        power: the exponent where that is the sense.
        folder: of the team, `runs/NAME`.
    """

    members: tuple[Job, ...]
    sense: Sense
    weights: Weights
    power: float
    folder: Path

    @property
    def recipe(self) -> Recipe:
        """The first member's, whose settings for decisions are the team's."""
        return self.members[0].recipe

    @property
    def data(self) -> InputFolder:
        """The input folder of all members."""
        return self.members[0].data

    @property
    def spec(self) -> Spec:
        """Shape and classes of the data set."""
        return self.members[0].spec

    @property
    def images(self) -> list[str]:
        """Names of the labelled images that the runs use."""
        return self.members[0].images

    @property
    def labels(self) -> pd.DataFrame:
        """The tidy table of train.csv."""
        return self.members[0].labels

    @property
    def masks(self) -> Masks:
        """The masks of the labelled images."""
        return self.members[0].masks

    @property
    def sample(self) -> Sample:
        """The test images in the sample submission's order."""
        return self.members[0].sample

    @property
    def truth(self) -> pd.DataFrame | None:
        """The labels of the test images, where the input folder holds them."""
        return self.members[0].truth

    @property
    def labels_digest(self) -> str:
        """Checksum of labels and specification."""
        return self.members[0].labels_digest

    def record(self) -> None:
        """Write what the folder says of itself: `team.json`, and the first member's recipe and input."""
        write_run(self.folder, self.recipe, self.data.root, self.spec)
        runs = [str(member.folder) for member in self.members]
        about = {"runs": runs, "sense": self.sense, "weights": self.weights, "power": self.power}
        write_json(self.folder / TEAM, about)


Candidate = Job | Team
"""What a submission may come from."""


def open_team(
    runs: Sequence[str | Path],
    sense: Sense = "mean",
    weights: Weights = "uniform",
    power: float = 1.0,
    name: str | None = None,
) -> Candidate:
    """Open a run again, or several as a team.

    Args:
        runs: their folders, `runs/NAME`; one alone is opened as it is.
        sense: of the mean of several.
        weights: of the members.
        power: the exponent where that is the sense.
        name: of the team's folder; None is made of the members' names and the settings.

    Raises:
        SeverstalError: a folder is not a run's, a run is named twice, or the runs are of different inputs.

    Example:
        >>> open_team([])
        Traceback (most recent call last):
        severstal.errors.SeverstalError: no run is named: give at least one folder, runs/NAME
    """
    if not runs:
        raise SeverstalError("no run is named: give at least one folder, runs/NAME")
    if len(runs) == 1 and (Path(runs[0]) / TEAM).is_file():
        return _reopen(Path(runs[0]))
    members = tuple(reopen_job(run) for run in runs)
    if len(members) == 1:
        return members[0]
    seen: set[Path] = set()
    for member in members:
        if member.folder.resolve() in seen:
            raise SeverstalError(
                f"{member.folder}: named twice: name each run once, and give weights instead"
            )
        seen.add(member.folder.resolve())
        first = members[0]
        if member.data.root.resolve() != first.data.root.resolve():
            raise SeverstalError(
                f"{member.folder}: a run on {member.data.root}, {first.folder} on {first.data.root}: "
                "train both on the same input folder"
            )
    if isinstance(weights, tuple) and len(weights) != len(members):
        raise SeverstalError(f"{len(weights)} weights for {len(members)} runs: give one a run")
    if name is None:
        mark = digest([[member.folder.name for member in members], sense, weights, power])[:6]
        stem = "-".join(re.sub(r"[^\w]+", "_", member.folder.name) for member in members)
        name = f"team-{stem[:40]}-{mark}"
    if not PLAIN_NAME.fullmatch(name):
        raise SeverstalError(
            f"--name {name}: give letters, digits, - and _, since it names the team's folder"
        )
    folder = RUNS / name
    if (folder / "recipe.toml").exists() and not (folder / TEAM).exists():
        raise SeverstalError(f"{folder}: holds a run: give the team another name with --name")
    return Team(members, sense, weights, power, folder)


def _reopen(folder: Path) -> Candidate:
    about = read_json(folder / TEAM)
    try:
        weights = about["weights"]
        weights = tuple(weights) if isinstance(weights, list) else weights
        return open_team(about["runs"], about["sense"], weights, about["power"], folder.name)
    except (KeyError, TypeError) as error:
        raise SeverstalError(
            f"{folder / TEAM}: not what a team is made of: name its runs once more"
        ) from error
