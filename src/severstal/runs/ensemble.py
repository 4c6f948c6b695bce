"""An ensemble of runs, with the interface of a single run for rules and submissions."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import pandas as pd

from severstal.competition.folder import InputFolder
from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.competition.tables import Sample
from severstal.data.images import Pictures
from severstal.files import read_json, write_json
from severstal.inference.ensemble import AveragingMode
from severstal.recipe import Recipe
from severstal.runs.folder import write_run
from severstal.runs.job import Job
from severstal.runs.layout import RunFiles
from severstal.runs.members import relative_member

NamedWeights = Literal["uniform", "selected"]
MemberWeights = NamedWeights | tuple[float, ...]


@dataclass(frozen=True)
class Ensemble:
    """Runs on one input folder whose maps are averaged.

    Attributes:
        members: the runs, at least two.
        recipe: recipe whose `decision` settings are the ensemble's: the recipe with members that the runs
            were trained by, or the first member's where runs were combined afterwards.
        mode: averaging mode.
        weights: "uniform"; "selected" on the out-of-fold maps, shrunk toward uniform; or one per run.
        power: exponent of the power mean.
        folder: folder of the ensemble, `runs/NAME`.
    """

    members: tuple[Job, ...]
    recipe: Recipe
    mode: AveragingMode
    weights: MemberWeights
    power: float
    folder: Path

    @cached_property
    def files(self) -> RunFiles:
        """The ensemble folder's files by name."""
        return RunFiles(self.folder)

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
        """Describe the ensemble in its folder: `ensemble.json`, `recipe.toml` and `input.json`."""
        about = {
            "members": [relative_member(self.folder, member.folder) for member in self.members],
            "mode": self.mode,
            "weights": self.weights if isinstance(self.weights, str) else list(self.weights),
            "power": self.power,
        }
        kept = self.files.ensemble  # first: without it the folder would be taken for a run's
        if not self.files.is_ensemble or (kept.is_file() and read_json(kept) != about):
            write_json(kept, about)
        write_run(self.folder, self.recipe, self.data.root, self.spec)


RunOrEnsemble = Job | Ensemble
"""What a submission may come from."""


def jobs_of(run: RunOrEnsemble) -> tuple[Job, ...]:
    """The run itself, or those that an ensemble is made of."""
    return run.members if isinstance(run, Ensemble) else (run,)
