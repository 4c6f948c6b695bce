"""The input folder: Kaggle's layout, and the places where it is looked for."""

import os
from dataclasses import dataclass
from pathlib import Path

from severstal.competition.listing import list_folder, list_images
from severstal.competition.spec import IMAGE_FOLDERS, Spec, read_spec
from severstal.errors import SeverstalError

COMPETITION = "severstal-steel-defect-detection"
SAMPLE_FOLDER = Path("input/sample")
KAGGLE_MOUNTS = (Path("/kaggle/input"), Path("/kaggle/input/competitions"))


@dataclass(frozen=True)
class InputFolder:
    """An input folder in Kaggle's layout, left as it is.

    Attributes:
        root: the folder.
        spec: the shapes and the classes of its pictures.
    """

    root: Path
    spec: Spec

    @property
    def train_images(self) -> Path:
        """The folder of labelled pictures."""
        return self.root / IMAGE_FOLDERS[0]

    @property
    def test_images(self) -> Path:
        """The folder of pictures to be segmented."""
        return self.root / IMAGE_FOLDERS[1]

    @property
    def train_csv(self) -> Path:
        """The labels of the train pictures."""
        return self.root / "train.csv"

    @property
    def sample_csv(self) -> Path:
        """The sample submission, which fixes the images and their order."""
        return self.root / "sample_submission.csv"

    @property
    def truth_csv(self) -> Path:
        """The labels of the test pictures, in `train.csv`'s form; only the sample data set has this file."""
        return self.root / "test_labels.csv"

    @property
    def has_test(self) -> bool:
        """Whether there are test pictures: training, tuning and scoring work without."""
        return self.test_images.is_dir() and bool(list_folder(self.test_images).pictures)

    def check_test(self) -> None:
        """Check that there are pictures to be segmented, for a command that needs some.

        Raises:
            SeverstalError: there is none; says what is missing and where it belongs.
        """
        if not self.has_test:
            raise SeverstalError(
                f"{self.test_images}: holds no picture to segment: put pictures there; train, tune and score "
                "need none, and `severstal segment` takes pictures from anywhere"
            )

    def train_names(self) -> list[str]:
        """Names of the pictures in `train_images`, sorted; those that no row of train.csv names are clean."""
        return list_images(self.train_images)

    def test_names(self) -> list[str]:
        """Names of the pictures in `test_images`, sorted."""
        return list_images(self.test_images)


def locate_input(folder: str | Path | None = None) -> Path | None:
    """Find the input folder.

    The first that exists: `folder`, `$SEVERSTAL_INPUT`, `input/severstal-steel-defect-detection`, Kaggle's
    own mount of it, `input/sample`. The first two must exist if given.

    Returns:
        The folder, or None where none of them exists and the sample has to be rendered.

    Raises:
        SeverstalError: `folder` or `$SEVERSTAL_INPUT` is given and is not a folder.
    """
    named = [(folder, "--input"), (os.environ.get("SEVERSTAL_INPUT"), "SEVERSTAL_INPUT")]
    for given, source in named:
        if given:
            if not Path(given).is_dir():
                raise SeverstalError(f"{given}: no such folder: correct {source}")
            return Path(given)
    usual = [Path("input") / COMPETITION, *(mount / COMPETITION for mount in KAGGLE_MOUNTS), SAMPLE_FOLDER]
    return next((place for place in usual if place.is_dir()), None)


def open_input(root: str | Path) -> InputFolder:
    """Open an input folder, checking that the labelled pictures and their labels are there.

    Test pictures and a sample submission may be absent: see `has_test` and `read_test_sample`.

    Raises:
        SeverstalError: `train_images` or `train.csv` is missing, or `dataset.toml` is faulty.
    """
    folder = InputFolder(Path(root), read_spec(root))
    if not folder.train_images.is_dir():
        raise SeverstalError(f"{folder.train_images}: no such folder: give Kaggle's layout with --input")
    if not folder.train_csv.is_file():
        raise SeverstalError(
            f"{folder.train_csv}: no such file: give Kaggle's layout with --input, or import labels with "
            "`severstal import`"
        )
    return folder
