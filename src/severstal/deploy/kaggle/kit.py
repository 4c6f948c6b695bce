"""A kit for Kaggle without internet: weights dataset, wheels dataset and notebook, for Kaggle's client."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from severstal.deploy.kaggle.metadata import (
    DATASET_FILE,
    KERNEL_FILE,
    check_user,
    dataset_metadata,
    kernel_metadata,
    title_of,
)
from severstal.deploy.kaggle.notebook import NOTEBOOK_FILE, submission_notebook
from severstal.deploy.kaggle.wheels import collect_wheels
from severstal.deploy.opening import RELEASE_FILE
from severstal.deploy.release.contents import read_description
from severstal.deploy.release.manifest import check_release_files
from severstal.deploy.release.packing import pack_release
from severstal.errors import SeverstalError
from severstal.files import atomic_folder, checksum, write_json

WEIGHTS, WHEELS, NOTEBOOK, RELEASE = "weights", "wheels", "notebook", "release"
LIST_FILE = "kit.json"
"""SHA-256 of every file of the kit."""


@dataclass(frozen=True)
class KaggleKit:
    """A kit that was written.

    Attributes:
        folder: folder of the kit.
        commands: what to give to a shell, in order, to upload it.
        size: size in bytes.
    """

    folder: Path
    commands: tuple[str, ...]
    size: int


def write_kit(models: Sequence[str | Path], output: str | Path, user: str, hours: float = 1.0) -> KaggleKit:
    """Write a kit.

    Args:
        models: folder of a release, or of a tuned run or ensemble; several runs name their ensemble.
        output: new folder, written as a whole, with `weights/`, `wheels/` and `notebook/`.
        user: name of the Kaggle account, as in the address of its profile.
        hours: that the notebook may take.

    Raises:
        SeverstalError: a model cannot be packed, a wheel cannot be downloaded, or the folder holds something.
    """
    check_user(user)
    if not 0.1 <= hours <= 12:
        raise SeverstalError(f"--hours {hours:g}: give 0.1 to 12")
    with atomic_folder(output) as part:
        name = _write_release(models, part / WEIGHTS / RELEASE)
        weights = dataset_metadata(user, title_of(name, "weights"))
        wheels = dataset_metadata(user, title_of(name, "wheels"), "other")
        write_json(part / WEIGHTS / DATASET_FILE, weights)
        collect_wheels(part / WHEELS)
        write_json(part / WHEELS / DATASET_FILE, wheels)
        write_json(part / NOTEBOOK / NOTEBOOK_FILE, submission_notebook(hours))
        title = title_of(name, "submission")
        kernel = kernel_metadata(user, title, NOTEBOOK_FILE, [weights["id"], wheels["id"]])
        write_json(part / NOTEBOOK / KERNEL_FILE, kernel)
        write_json(part / LIST_FILE, file_sums(part))
        size = sum(path.stat().st_size for path in part.rglob("*") if path.is_file())
    folder = Path(output)
    commands = (
        f"kaggle datasets create -p {folder / WEIGHTS} -r zip",
        f"kaggle datasets create -p {folder / WHEELS}",
        f"kaggle kernels push -p {folder / NOTEBOOK}",
        f"kaggle kernels status {kernel['id']}",
    )
    return KaggleKit(folder, commands, size)


def file_sums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a kit by its path, but for the list itself."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / LIST_FILE)
    return {path.relative_to(folder).as_posix(): checksum(path) for path in paths}


def _write_release(models: Sequence[str | Path], target: Path) -> str:
    """Pack the runs, or copy the one release; the name of the model."""
    folders = [Path(model) for model in models]
    releases = [folder for folder in folders if (folder / RELEASE_FILE).is_file()]
    if not releases:
        pack_release(folders, target)
    elif len(folders) == 1:
        check_release_files(folders[0])
        shutil.copytree(folders[0], target)
    else:
        raise SeverstalError(f"{releases[0]}: is a release: give it alone, or runs that were tuned together")
    return read_description(check_release_files(target)).name
