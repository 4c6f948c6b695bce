"""The run that is attached to a Kaggle notebook, opened for the project's notebooks without training."""

import logging
import shutil
from pathlib import Path

from severstal.deploy.kaggle.places import choose_attached, find_competition
from severstal.deploy.kaggle.submission import submit_here
from severstal.deploy.opening import RELEASE_FILE
from severstal.errors import SeverstalError
from severstal.files import atomic_folder
from severstal.runs.combining import open_runs
from severstal.runs.ensemble import RunOrEnsemble
from severstal.runs.layout import RUNS, RunFiles
from severstal.runs.members import read_ensemble

logger = logging.getLogger("severstal")


def open_attached() -> RunOrEnsemble:
    """Open the attached run on the attached competition.

    The run is copied to `runs/`, since what is attached may not be written; its members too where it is an
    ensemble. With a release in its place `submission.csv` is written and a line says so: the figures of a
    notebook need the run.

    Raises:
        SeverstalError: neither a run nor a release is attached, or several are; or it is a release, which has
            been used.
    """
    attached = choose_attached()
    if (attached / RELEASE_FILE).is_file():
        finished = submit_here()
        raise SeverstalError(
            f"{finished.path}: written by the attached release {attached}; the rest of this notebook shows "
            "what only a run holds: attach the run to see it"
        )
    data = find_competition()
    logger.info("attached run: %s, on %s", attached, data)
    folders = [attached]
    if RunFiles(attached).is_ensemble:
        folders += read_ensemble(attached).members
    for folder in folders:
        _copy(folder, RUNS / folder.name)
    return open_runs([RUNS / attached.name], input=data)


def _copy(source: Path, target: Path) -> None:
    """Copy a folder that may be read-only, so that the copy is not; one that is there already stays."""
    if target.is_dir():
        return
    with atomic_folder(target) as part:
        for path in sorted(source.rglob("*")):
            place = part / path.relative_to(source)
            if path.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            elif path.name != "lock":
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
