"""A job: one recipe on one input folder, with the run folder of its results."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from severstal.competition.folder import InputFolder
from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.competition.tables import Sample, read_labels, read_test_sample
from severstal.data.build import open_pictures
from severstal.data.catalogue import stored_shapes
from severstal.data.folds import sample_images
from severstal.data.images import Pictures
from severstal.errors import SeverstalError
from severstal.files import digest, exclusive_lock, write_json
from severstal.recipe import Recipe
from severstal.recipe.names import plain_name
from severstal.runs.environment import environment
from severstal.runs.folder import write_run
from severstal.runs.layout import RunFiles


@dataclass(frozen=True)
class Job:
    """One recipe on one input folder; the folder's files are read lazily, on first use.

    Attributes:
        recipe: the settings.
        data: the input folder.
        folder: the run's, `runs/NAME`.
    """

    recipe: Recipe
    data: InputFolder
    folder: Path

    @cached_property
    def files(self) -> RunFiles:
        """The run folder's files by name."""
        return RunFiles(self.folder)

    @cached_property
    def spec(self) -> Spec:
        """Shapes and classes of the data set; shapes of unchanged files are those stored when they were
        decoded."""
        spec = self.data.spec
        if spec.shapes is not None:
            for folder in (self.data.train_images, self.data.test_images):
                spec.shapes.remember(folder, stored_shapes(self._store(folder)))
        return spec

    @property
    def typical_shape(self) -> tuple[int, int]:
        """Height and width of the pictures, the median of the labelled ones where they differ."""
        return self.spec.typical_shape(self.images)

    @cached_property
    def labels(self) -> pd.DataFrame:
        """The tidy table of train.csv, one row per mask."""
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
        return sample_images(names, presence, self.recipe.data.max_images, self.recipe.fold_seed)

    @cached_property
    def sample(self) -> Sample:
        """The test images, all on disk, in the sample submission's order; by name where there is none."""
        sample = read_test_sample(self.data)
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
        """Write the description of the run to its folder: `recipe.toml` and `input.json`."""
        write_run(self.folder, self.recipe, self.data.root, self.spec)

    def record_environment(self) -> None:
        """Write the versions, the commit and the machine that a fold is trained with: `environment.json`."""
        found = environment()
        with exclusive_lock(
            self.folder, "another fold of this run"
        ):  # folds side by side write the same file
            write_json(self.files.environment, found)

    def weights(self, fold: int) -> Path:
        """The weights of a fold that are predicted with."""
        return self.files.weights(self.recipe, fold)

    def _pictures(self, folder: Path, names: Sequence[str]) -> Pictures:
        return open_pictures(folder, names, self.spec, self._store(folder))

    def _store(self, folder: Path) -> Path:
        # Every run shares the same pictures, so they lie beside the runs, a folder for each folder of files.
        name = f"{plain_name(self.data.root.resolve().name)}-{folder.name}"
        return self.folder.parent / "pictures" / f"{name}-{digest(str(folder.resolve()))[:12]}"
