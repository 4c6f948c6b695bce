"""The file of an ensemble: its members by paths from its own folder, and how they are averaged."""

import os
from dataclasses import dataclass
from pathlib import Path

from severstal.errors import SeverstalError
from severstal.files import read_json
from severstal.runs.layout import RunFiles


@dataclass(frozen=True)
class EnsembleFile:
    """The contents of an ensemble's file.

    Attributes:
        members: folders of the runs.
        mode: averaging mode, not yet checked.
        weights: a name, or one number per run; not yet checked.
        power: exponent of the power mean, not yet checked.
    """

    members: tuple[Path, ...]
    mode: str
    weights: str | tuple[float, ...]
    power: float


def relative_member(ensemble: Path, member: Path) -> str:
    """The path of a member's folder as seen from the ensemble's, with forward slashes.

    Example:
        >>> relative_member(Path("runs/both"), Path("runs/first"))
        '../first'
    """
    return Path(os.path.relpath(member.resolve(), ensemble.resolve())).as_posix()


def read_ensemble(folder: str | Path) -> EnsembleFile:
    """Read an ensemble's file, also as the first edition wrote it.

    Members are looked for from the ensemble's own folder. The first edition wrote paths from the working
    directory: of these only the name counts, of a folder beside the ensemble's. So a copied ensemble never
    works on runs that happen to lie where it is opened.

    Raises:
        SeverstalError: the file is missing or damaged, or a member is not there.
    """
    files = RunFiles(Path(folder))
    path = files.ensemble if files.ensemble.is_file() else files.earlier_ensemble
    about = read_json(path)
    try:
        if path == files.ensemble:
            members = [files.folder / member for member in about["members"]]
            mode = str(about["mode"])
        else:
            members = [files.folder.parent / Path(run).name for run in about["runs"]]
            mode = str(about["sense"])
        weights = about["weights"]
        weights = tuple(map(float, weights)) if isinstance(weights, list) else str(weights)
        found = EnsembleFile(
            tuple(_plain(member) for member in members), mode, weights, float(about["power"])
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SeverstalError(
            f"{path}: not an ensemble file ({error!r}): make the ensemble again from its runs"
        ) from error
    for member in found.members:
        if not member.is_dir():
            raise SeverstalError(f"{path}: member {member} is not there: copy that run beside the ensemble")
    return found


def _plain(path: Path) -> Path:
    """The path without `..`, relative as long as the folder's was."""
    return Path(os.path.normpath(path))
