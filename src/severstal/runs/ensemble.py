"""Several runs as one: what a run is to the decisions, a team of runs is too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from severstal.competition.folder import InputFolder
from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.competition.tables import Sample
from severstal.data.images import Pictures
from severstal.errors import SeverstalError
from severstal.files import digest, read_json, write_json
from severstal.inference.ensemble import AveragingMode, check_mean
from severstal.recipe import Recipe, load_recipe
from severstal.runs.folder import write_run
from severstal.runs.job import TEAM, Job, choose_input, choose_recipe, claim_folder, open_job, reopen_job

Named = Literal["uniform", "selected"]
Weights = Named | tuple[float, ...]


@dataclass(frozen=True)
class Ensemble:
    """Runs on one input folder whose maps are averaged.

    Attributes:
        members: the runs, at least two.
        recipe: whose settings for decisions are the team's: that of several networks which the runs were
            trained by, or the first member's where runs were put together by hand.
        mode: averaging mode.
        weights: "uniform"; "selected" on the out-of-fold maps, pulled toward the uniform mean; or one a run.
        power: the exponent of the power mean.
        folder: of the team, `runs/NAME`.
    """

    members: tuple[Job, ...]
    recipe: Recipe
    mode: AveragingMode
    weights: Weights
    power: float
    folder: Path

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
    def train_pictures(self) -> Pictures:
        """The labelled pictures, decoded once."""
        return self.members[0].train_pictures

    @property
    def test_pictures(self) -> Pictures:
        """The pictures to be segmented, decoded once."""
        return self.members[0].test_pictures

    @property
    def truth(self) -> pd.DataFrame | None:
        """The labels of the test images, where the input folder holds them."""
        return self.members[0].truth

    @property
    def labels_digest(self) -> str:
        """Checksum of labels and specification."""
        return self.members[0].labels_digest

    def record(self) -> None:
        """Write what the folder says of itself: `team.json`, `recipe.toml` and `input.json`."""
        runs = [str(member.folder) for member in self.members]
        about = {"runs": runs, "sense": self.mode, "weights": self.weights, "power": self.power}
        write_json(self.folder / TEAM, about)  # first: without it the folder would be taken for a run's
        write_run(self.folder, self.recipe, self.data.root, self.spec)


RunOrEnsemble = Job | Ensemble
"""What a submission may come from."""


def jobs_of(candidate: RunOrEnsemble) -> tuple[Job, ...]:
    """The run itself, or those that a team is made of."""
    return candidate.members if isinstance(candidate, Ensemble) else (candidate,)


def open_run_or_ensemble(
    recipe: str | Path | Recipe = "auto", input: str | Path | None = None, name: str | None = None
) -> RunOrEnsemble:
    """Choose recipe, input folder and run folder: a run, or of a recipe with members a team of runs.

    Args:
        recipe: a recipe, its name or the path of its TOML file; "auto" as `open_job` has it.
        input: the input folder; None as `open_job` has it.
        name: of the folder, `runs/NAME`; None is recipe and input folder, as `smoke-sample`. A member's is
            `runs/NAME-MEMBER`, or `runs/RECIPE-MEMBER-INPUT`.

    Returns:
        What the stages take; nothing is written yet.

    Raises:
        SeverstalError: the recipe or the input folder is faulty, or a folder belongs to another run.
    """
    recipe, root = choose_recipe(recipe), choose_input(input)
    if not recipe.members:
        return open_job(recipe, root, name)
    folder = claim_folder(name or f"{recipe.name}-{root.resolve().name}", root, team=True)
    endings = [member.name.removeprefix(f"{recipe.name}-") for member in recipe.members]
    names = [None if name is None else f"{name}-{ending}" for ending in endings]
    members = tuple(open_job(member, root, own) for member, own in zip(recipe.members, names, strict=True))
    ensemble = recipe.ensemble
    return Ensemble(members, recipe, ensemble.mode, ensemble.weights, ensemble.power, folder)


def open_ensemble(
    runs: Sequence[str | Path],
    mode: AveragingMode = "mean",
    weights: Weights = "uniform",
    power: float = 1.0,
    name: str | None = None,
) -> RunOrEnsemble:
    """Open a run again, or several as a team.

    Args:
        runs: their folders, `runs/NAME`; one alone is opened as it is.
        mode: averaging mode.
        weights: of the members.
        power: the exponent of the power mean.
        name: of the team's folder; None is made of the members' names and the settings.

    Raises:
        SeverstalError: a folder is not a run's, a run is named twice, the runs are of different inputs, or
            they cannot be averaged so. Nothing is written either way.

    Example:
        >>> open_ensemble([])
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
    _check_weights(weights, len(members))
    check_mean(mode, weights if isinstance(weights, tuple) else (1.0,) * len(members), power)
    if name is None:
        mark = digest([[member.folder.name for member in members], mode, weights, power])[:6]
        stem = "-".join(re.sub(r"[^\w]+", "_", member.folder.name) for member in members)
        name = f"team-{stem[:40]}-{mark}"
    folder = claim_folder(name, members[0].data.root, team=True)
    return Ensemble(members, members[0].recipe, mode, weights, power, folder)


def _check_weights(weights: Weights, runs: int) -> None:
    if isinstance(weights, tuple):
        if len(weights) != runs:
            raise SeverstalError(f"{len(weights)} weights for {runs} runs: give one a run")
    elif weights not in get_args(Named):
        names = ", ".join(get_args(Named))
        raise SeverstalError(f"weights are {weights!r}: take one of {names}, or give a number for each run")


def _reopen(folder: Path) -> RunOrEnsemble:
    about = read_json(folder / TEAM)
    try:
        weights = about["weights"]
        weights = tuple(weights) if isinstance(weights, list) else weights
        team = open_ensemble(about["runs"], about["sense"], weights, about["power"], folder.name)
    except (KeyError, TypeError, ValueError) as error:
        raise SeverstalError(
            f"{folder / TEAM}: not what a team is made of: name its runs once more"
        ) from error
    recipe = load_recipe(folder / "recipe.toml")
    return replace(team, recipe=recipe) if recipe.members else team
