"""Where Kaggle mounts what is attached to a notebook: the competition, releases, runs and wheels.

Datasets lie in `/kaggle/input/SLUG` or, since 2026, in `/kaggle/input/datasets/OWNER/SLUG`; the competition
in `/kaggle/input/competitions/SLUG` or `/kaggle/input/SLUG`. All are looked for, whatever the folders are
called.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from severstal.competition.folder import COMPETITION
from severstal.deploy.opening import RELEASE_FILE
from severstal.errors import SeverstalError

ROOT_VARIABLE = "SEVERSTAL_KAGGLE_ROOT"
"""The environment variable that names another root than `/kaggle`, to try a kit on any machine."""

_DEEPEST = 6  # folders below the mount; a dataset of an owner is two deep
_SKIPPED = {"train_images", "test_images"}  # of thousands of pictures
_SHOWN = 40  # lines of the tree in an error


def kaggle_root() -> Path:
    """The root of Kaggle's folders: `$SEVERSTAL_KAGGLE_ROOT`, or `/kaggle`."""
    return Path(os.environ.get(ROOT_VARIABLE) or "/kaggle")


def on_kaggle() -> bool:
    """Whether this is a Kaggle notebook: there is a folder `working` below the root."""
    return (kaggle_root() / "working").is_dir()


def working_folder() -> Path:
    """The folder that a notebook may write to and whose files Kaggle keeps."""
    return kaggle_root() / "working"


def find_competition() -> Path:
    """The folder of the competition: with `test_images` and `sample_submission.csv`.

    Raises:
        SeverstalError: it is not attached; the line shows what is.
    """
    found = [folder for folder in _folders() if _is_competition(folder)]
    named = [folder for folder in found if folder.name == COMPETITION]
    if not found:
        raise SeverstalError(
            f"{_input()}: no folder with sample_submission.csv and test_images: attach the competition "
            f"{COMPETITION} as an input ({attached_tree()})"
        )
    return (named or found)[0]


def find_releases() -> list[Path]:
    """The folders of the attached releases, sorted."""
    return [folder for folder in _folders() if (folder / RELEASE_FILE).is_file()]


def find_runs() -> list[Path]:
    """The folders of the attached runs and ensembles with rules, sorted; a release holds none.

    A run that an attached ensemble averages is left out.
    """
    from severstal.runs.layout import RunFiles
    from severstal.runs.members import read_ensemble

    runs = [
        folder
        for folder in _folders()
        if (folder / "recipe.toml").is_file() and (folder / "rules.json").is_file()
    ]
    inside = {
        member.resolve() for run in runs if RunFiles(run).is_ensemble for member in read_ensemble(run).members
    }
    return [run for run in runs if run.resolve() not in inside]


def choose_attached() -> Path:
    """The one attached release or, without any, the one attached run.

    Raises:
        SeverstalError: none is attached, or several are; the line names what was found.
    """
    found = find_releases() or find_runs()
    if not found:
        raise SeverstalError(
            f"{_input()}: no trained run and no release is attached, and nothing is trained here: attach the "
            f"weights dataset that `severstal kaggle` writes ({attached_tree()})"
        )
    if len(found) > 1:
        raise SeverstalError(f"several are attached: {', '.join(map(str, found))}: leave one of them")
    return found[0]


def attached_tree() -> str:
    """The attached folders and the files in them, in one line."""
    lines = []
    for folder in _folders():
        files = sorted(path.name for path in folder.iterdir() if path.is_file())
        shown = ", ".join(files[:3]) + (", ..." if len(files) > 3 else "")
        lines.append(f"{folder.relative_to(_input()).as_posix()}/ {shown}".rstrip())
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "there is nothing" if not lines else "there is " + "; ".join(lines[:_SHOWN]) + more


def _input() -> Path:
    return kaggle_root() / "input"


def _is_competition(folder: Path) -> bool:
    return (folder / "sample_submission.csv").is_file() and (folder / "test_images").is_dir()


def _folders() -> Iterator[Path]:
    """Every folder below the input, parents first, sorted by name; folders of pictures are not entered."""
    for parent, folders, _ in os.walk(_input()):
        place = Path(parent)
        depth = len(place.relative_to(_input()).parts)
        folders[:] = sorted(name for name in folders if name not in _SKIPPED) if depth < _DEEPEST else []
        if depth:
            yield place
