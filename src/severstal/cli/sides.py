"""The input folder, images and tables that a command scores or compares."""

from pathlib import Path
from typing import TYPE_CHECKING

from severstal.errors import SeverstalError

if TYPE_CHECKING:
    from severstal.competition.folder import InputFolder
    from severstal.competition.scope import NamedTable, Scope
    from severstal.competition.spec import Spec


def find_input(folder: Path | None, needed: bool = True) -> "InputFolder | None":
    """Open the given input folder, or the default one.

    Args:
        folder: `--input`; None takes the downloaded data set, else the synthetic sample.
        needed: whether the command needs one.

    Returns:
        The folder; None where there is none and it is not needed.

    Raises:
        SeverstalError: there is none, and it is needed.
    """
    from severstal.competition.folder import locate_input, open_input

    root = locate_input(folder)
    if root is None and needed:
        raise SeverstalError("no input folder: name it with --input, or render one with `severstal sample`")
    return open_input(root) if root else None


def read_sides(
    csv: Path, truth: Path, input: Path | None, images: Path | None
) -> "tuple[list[NamedTable], Scope, Spec]":
    """Read a submission and its truth.

    Args:
        csv: the submission.
        truth: labels in the form of train.csv.
        input: `--input`, as `find_input` takes it.
        images: `--images`, the images that count in the score; None takes those of the input folder.

    Returns:
        Prediction and truth, the images that count, and the data set's shape and classes.

    Raises:
        SeverstalError: a file is faulty, or which images count is not known.
    """
    from severstal.competition import scope
    from severstal.competition.spec import SEVERSTAL

    data = find_input(input, needed=False)
    if data is None and images is None:
        raise SeverstalError(
            "which images count is not known, as clean images have no row: name the input folder with "
            "--input, or with --images a folder of pictures or a CSV that has a row for each"
        )
    spec = data.spec if data else SEVERSTAL
    sides = [scope.read_named(csv, spec), scope.read_named(truth, spec, labels=True)]
    if images is None:
        where, sides = scope.find_scope(sides, spec, data)
    else:
        where, sides = scope.given_scope(images, sides)
    return sides, where, spec
