"""Where the data is: Kaggle's layout, found in the usual places."""

import os
from dataclasses import dataclass
from pathlib import Path

from severstal.competition.spec import Spec, read_spec
from severstal.errors import SeverstalError

COMPETITION = "severstal-steel-defect-detection"
SAMPLE_FOLDER = Path("input/sample")
KAGGLE_MOUNTS = (Path("/kaggle/input"), Path("/kaggle/input/competitions"))


@dataclass(frozen=True)
class InputFolder:
    """An input folder in Kaggle's layout, left as it is.

    Attributes:
        root: the folder.
        spec: the shape and the classes of its pictures.
    """

    root: Path
    spec: Spec

    @property
    def train_images(self) -> Path:
        """The folder of labelled pictures."""
        return self.root / "train_images"

    @property
    def test_images(self) -> Path:
        """The folder of pictures to be segmented."""
        return self.root / "test_images"

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

    def train_names(self) -> list[str]:
        """Names of the files in `train_images`, sorted. An image that no row of train.csv names is clean."""
        return list_images(self.train_images)

    def test_names(self) -> list[str]:
        """Names of the files in `test_images`, sorted."""
        return list_images(self.test_images)


def list_images(folder: Path) -> list[str]:
    """Names of the files in a folder, sorted, hidden ones left out.

    Raises:
        SeverstalError: the folder is missing or holds no file.
    """
    try:
        names = sorted(
            entry.name for entry in os.scandir(folder) if entry.is_file() and not entry.name.startswith(".")
        )
    except (FileNotFoundError, NotADirectoryError):
        raise SeverstalError(f"{folder}: no such folder: give Kaggle's layout with --input") from None
    if not names:
        raise SeverstalError(f"{folder}: holds no picture: unpack the data set here")
    return names


def locate_input(folder: str | Path | None = None) -> Path | None:
    """Find the input folder.

    The first that is there: `folder`, `$SEVERSTAL_INPUT`, `input/severstal-steel-defect-detection`, Kaggle's
    own mount of it, `input/sample`. The first two are taken at their word: they must exist.

    Returns:
        The folder, or None where none of them is there and the sample has to be drawn.

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
    """Open an input folder, checking that the two folders and the two tables of Kaggle's layout are there.

    Raises:
        SeverstalError: one of them is missing, or `dataset.toml` is faulty.
    """
    folder = InputFolder(Path(root), read_spec(root))
    for place in (folder.train_images, folder.test_images):
        if not place.is_dir():
            raise SeverstalError(f"{place}: no such folder: give Kaggle's layout with --input")
    for table in (folder.train_csv, folder.sample_csv):
        if not table.is_file():
            raise SeverstalError(f"{table}: no such file: give Kaggle's layout with --input")
    return folder
