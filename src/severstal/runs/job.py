"""A job: one recipe on one input folder, and the run folder that holds what came of it."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import torch

from severstal.competition.folder import SAMPLE_FOLDER, InputFolder, locate_input, open_input
from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.competition.tables import Sample, read_labels, read_sample
from severstal.data.build import open_pictures
from severstal.data.folds import draw_images
from severstal.data.images import Pictures
from severstal.errors import SeverstalError
from severstal.files import digest, exclusive_lock, write_json
from severstal.recipe import PLAIN_NAME, Recipe, load_recipe
from severstal.runs.folder import input_of, read_run, write_run
from severstal.runs.weights import weights_path
from severstal.synthetic import draw_sample

RUNS = Path("runs")
TEAM = "team.json"  # is in the folder of several runs that are averaged, and in no run's own


@dataclass(frozen=True)
class Job:
    """One recipe on one input folder; what is read from the folder is read when it is first asked for.

    Attributes:
        recipe: the settings.
        data: the input folder.
        folder: the run's, `runs/NAME`.
    """

    recipe: Recipe
    data: InputFolder
    folder: Path

    @property
    def spec(self) -> Spec:
        """Shape and classes of the data set."""
        return self.data.spec

    @cached_property
    def labels(self) -> pd.DataFrame:
        """The tidy table of train.csv, a row a mask."""
        return read_labels(self.data.train_csv, self.spec, self.data.train_names())

    @cached_property
    def masks(self) -> Masks:
        """The masks of the labelled images."""
        return Masks(self.labels, self.spec)

    @cached_property
    def images(self) -> list[str]:
        """Names of the labelled images that the recipe uses: all, or its bounded draw."""
        names = self.data.train_names()
        presence = self.masks.presence(names)
        return draw_images(names, presence, self.recipe.data.max_images, self.recipe.fold_seed)

    @cached_property
    def sample(self) -> Sample:
        """The test images in the sample submission's order, all of them on disk."""
        sample = read_sample(self.data.sample_csv, self.spec)
        absent = set(sample.images) - set(self.data.test_names())
        for row, name in enumerate(sample.images, 1):
            if name in absent:
                raise SeverstalError(
                    f"{self.data.sample_csv} image {row}: {name} is not in {self.data.test_images}: "
                    f"put it there, or take its row out ({len(absent)} such images)"
                )
        return sample

    @cached_property
    def train_pictures(self) -> Pictures:
        """The labelled pictures, decoded once."""
        return self._pictures(self.data.train_images, self.images)

    @cached_property
    def test_pictures(self) -> Pictures:
        """The pictures to be segmented, decoded once."""
        return self._pictures(self.data.test_images, self.sample.images)

    @cached_property
    def truth(self) -> pd.DataFrame | None:
        """The labels of the test images, where the input folder holds them."""
        if not self.data.truth_csv.is_file():
            return None
        return read_labels(self.data.truth_csv, self.spec, self.sample.images)

    @cached_property
    def labels_digest(self) -> str:
        """Checksum of the labels of `images` and of the data set's specification."""
        rows = self.labels[self.labels["ImageId"].isin(set(self.images))]
        return digest([self.spec.image_shape, self.spec.classes, self.images, rows.to_csv(index=False)])

    def record(self) -> None:
        """Write what the run folder says of itself: `recipe.toml` and `input.json`."""
        write_run(self.folder, self.recipe, self.data.root, self.spec)

    def record_environment(self) -> None:
        """Write with which versions and commit, and where, a fold is trained: `environment.json`."""
        found = environment()
        with exclusive_lock(
            self.folder, "another fold of this run"
        ):  # folds side by side write the same file
            write_json(self.folder / "environment.json", found)

    def weights(self, fold: int) -> Path:
        """The weights of a fold that are predicted with."""
        return weights_path(self.folder, self.recipe, fold)

    def _pictures(self, folder: Path, names: Sequence[str]) -> Pictures:
        # Every run shares the same pictures, so they lie beside the runs, a folder for each folder of files.
        place = digest(str(folder.resolve()))[:12]
        store = self.folder.parent / "pictures" / f"{self.data.root.resolve().name}-{folder.name}-{place}"
        return open_pictures(folder, names, self.spec, store)


def open_job(
    recipe: str | Path | Recipe = "auto", input: str | Path | None = None, name: str | None = None
) -> Job:
    """Choose recipe, input folder and run folder; nothing is written yet.

    Args:
        recipe: a recipe, its name or the path of its TOML file; "auto" is `baseline` with a GPU, else
            `smoke`.
        input: the input folder; None takes the first of the usual places, and draws the sample data set where
            there is none.
        name: of the run; None is recipe and input folder, as `smoke-sample`.

    Returns:
        The job.

    Raises:
        SeverstalError: the recipe or the input folder is faulty, or the recipe is one of several networks
            (`pipeline.open_run_or_ensemble` opens such a one), or the run folder belongs to another input.
    """
    recipe, root = choose_recipe(recipe), choose_input(input)
    if recipe.members:
        raise SeverstalError(f"recipe {recipe.name} has {len(recipe.members)} members: train it as a team")
    data = open_input(root)
    return Job(recipe, data, claim_folder(name or f"{recipe.name}-{root.resolve().name}", root))


def choose_recipe(recipe: str | Path | Recipe = "auto") -> Recipe:
    """A recipe as it is, by its name, or read from its TOML file; "auto" as `open_job` has it.

    Example:
        >>> choose_recipe("champion").members[0].name
        'champion-fpn-convnext'
    """
    if recipe == "auto":
        recipe = "baseline" if torch.cuda.is_available() else "smoke"
    return recipe if isinstance(recipe, Recipe) else load_recipe(recipe)


def choose_input(input: str | Path | None = None) -> Path:
    """The input folder named, or of the usual places, or else the sample, which is drawn then."""
    root = locate_input(input)
    if root is None:
        root = SAMPLE_FOLDER
        print(f"no input folder: drawing the sample data set to {root}", flush=True)
        draw_sample(root)
    return root


def claim_folder(name: str, root: Path, team: bool = False) -> Path:
    """The folder of a run, or of a team of runs, where it can have that name; nothing is written.

    Args:
        name: of the folder.
        root: the input folder.
        team: whether several runs are averaged there.

    Raises:
        SeverstalError: the name is none for a folder, or the folder holds what must not be written over.

    Example:
        >>> claim_folder("never-made", Path("input")).as_posix()
        'runs/never-made'
    """
    if not PLAIN_NAME.fullmatch(name):
        raise SeverstalError(f"--name {name}: give letters, digits, - and _, since it names the run's folder")
    folder = RUNS / name
    earlier = input_of(folder)
    if earlier is not None and team != (folder / TEAM).is_file():
        held = "a run" if team else "a team of runs"
        raise SeverstalError(f"{folder}: holds {held}: give this one another name with --name")
    if earlier not in (None, root.resolve()):
        raise SeverstalError(f"{folder}: holds a run on {earlier}: give this one another name with --name")
    return folder


def reopen_job(folder: str | Path) -> Job:
    """Open the run folder of an earlier job again.

    Raises:
        SeverstalError: the folder is not a run's, or its input folder is gone.
    """
    if (Path(folder) / TEAM).is_file():
        raise SeverstalError(f"{folder}: holds a team of runs: give one of the runs that it is made of")
    recipe, root, _ = read_run(folder)
    return Job(recipe, open_input(root), Path(folder))


def environment() -> dict[str, object]:
    """What a result may depend on beside recipe and input: versions, machine and commit.

    Example:
        >>> sorted(environment())
        ['commit', 'cpus', 'device', 'packages', 'python', 'system']
    """
    packages = (
        "torch",
        "segmentation-models-pytorch",
        "timm",
        "albumentations",
        "accelerate",
        "numpy",
        "pandas",
    )
    git = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        commit = subprocess.run(git, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        commit = None  # installed without its repository
    cuda = torch.cuda.is_available()
    return {
        "commit": commit,
        "python": sys.version.split()[0],
        "system": platform.platform(terse=True),
        "cpus": os.cpu_count(),
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "packages": {package: importlib.metadata.version(package) for package in packages},
    }
