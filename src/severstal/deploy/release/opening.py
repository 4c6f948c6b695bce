"""Opening a release: every file is checked first; then ONNX Runtime or torch computes."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from severstal.deploy.model import Model, ModelDescription
from severstal.deploy.quick_import import without_compiler
from severstal.deploy.release.contents import (
    COMBINER_FILE,
    ONNX_FILE,
    read_description,
    read_recipes,
    weights_file,
)
from severstal.deploy.release.manifest import ReleaseFiles, check_release_files
from severstal.errors import SeverstalError

if TYPE_CHECKING:
    from severstal.deploy.torch_model import TorchModel


def open_release(folder: str | Path, device: str | None = None) -> Model:
    """Open a release; neither the run nor its data is needed.

    A release with an ONNX file is computed by ONNX Runtime on the CPU, several times as fast as by torch and
    without importing it, where onnxruntime is installed and `device` is None or "cpu". Otherwise torch
    computes.

    Args:
        folder: folder of the release.
        device: device by torch's name; None chooses.

    Raises:
        SeverstalError: a file is damaged, missing, not listed or of another release, or the packages that
            would compute it are not installed.
    """
    files = check_release_files(folder)
    description = read_description(files)
    onnx = ONNX_FILE in files.names and device in (None, "cpu")
    if onnx and (_is_installed("onnxruntime") or not _is_installed("torch")):
        from severstal.deploy.onnx.model import OnnxModel

        return OnnxModel(description, files.path(ONNX_FILE))
    if not _is_installed("torch"):
        repair = "give device cpu" if ONNX_FILE in files.names else "install torch, or pack it with --onnx"
        raise SeverstalError(f"{folder}: needs torch, which is not installed: {repair}")
    return open_release_weights(files, description, device)


def open_release_weights(
    files: ReleaseFiles, description: ModelDescription, device: str | None
) -> "TorchModel":
    """Load the weights of a release into networks that torch computes.

    Raises:
        SeverstalError: weights are missing, damaged or another network's, or there is no such device.
    """
    with without_compiler():
        from severstal.deploy.torch_model import TorchMember, TorchModel
        from severstal.device import choose_device
        from severstal.inference.ensemble import Combiner
        from severstal.models.from_recipe import load_network

    recipes = read_recipes(files, description)
    members = []
    for number, (recipe, member) in enumerate(zip(recipes, description.members, strict=True), 1):
        paths = [files.path(weights_file(number, fold)) for fold in range(member.networks)]
        members.append(TorchMember(recipe, [load_network(recipe, description.spec, path) for path in paths]))
    combiner = None
    if len(members) > 1 or COMBINER_FILE in files.names:
        combiner = Combiner.load(files.path(COMBINER_FILE))
        if len(combiner.weights) != len(members):
            raise SeverstalError(f"{files.folder / COMBINER_FILE}: of other members: pack the release again")
    return TorchModel(description, members, combiner, choose_device(device, recipes[0].training.precision))


def _is_installed(package: str) -> bool:
    """Whether a package is there, without importing it."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False
