"""Opening a model by its kind: a run, an ensemble of runs, or a release."""

from pathlib import Path

from severstal.deploy.model import Model
from severstal.deploy.quick_import import without_compiler, without_garbage_collection
from severstal.errors import SeverstalError
from severstal.path_checks import require_usable

RELEASE_FILE = "release.json"
"""What makes a folder a release."""


def open_model(path: str | Path, device: str | None = None) -> Model:
    """Open what was trained, whichever kind it is.

    Args:
        path: folder of a run, an ensemble of runs or a release.
        device: device by torch's name, such as "cpu" or "cuda:1"; None takes the GPU where there is one.

    Raises:
        SeverstalError: the folder is none of the three, is incomplete or damaged; or there is no such device.

    Example:
        >>> open_model("runs/never-made")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: runs/never-made: no such folder: give a run, an ensemble or a release
    """
    folder = require_usable(path)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "no such folder"
        raise SeverstalError(f"{path}: {what}: give a run, an ensemble or a release")
    with without_garbage_collection():
        if (folder / RELEASE_FILE).is_file():
            from severstal.deploy.release.opening import open_release

            return open_release(folder, device)
        with without_compiler():
            from severstal.deploy.run_model import open_run_model  # torch, which a release may do without
        return open_run_model(folder, device)
