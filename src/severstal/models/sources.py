"""Origin of the weights of a recipe's encoders: source, licence, size, and whether they are on this
machine."""

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import segmentation_models_pytorch as smp
import timm
import torch

from severstal.errors import SeverstalError
from severstal.files import atomic_write
from severstal.models.encoders import TIMM, find_encoder, find_published
from severstal.models.packaged import find_package, is_installed, packed_path
from severstal.models.weights import find_local, find_weights
from severstal.recipe import Recipe

_SMP_LICENCES = {  # of the weights that smp publishes again: those of the projects it took them from
    "densenet": "bsd-3-clause",  # torchvision
    "efficientnet": "apache-2.0",  # lukemelas/EfficientNet-PyTorch
    "inceptionv4": "bsd-3-clause",  # Cadene/pretrained-models.pytorch
    "mobilenet_v2": "bsd-3-clause",  # torchvision
    "resnet": "bsd-3-clause",  # torchvision
    "se_resnext": "bsd-3-clause",  # Cadene/pretrained-models.pytorch
    "senet": "bsd-3-clause",  # Cadene/pretrained-models.pytorch
}
_BYTES = 4  # of a float32


@dataclass(frozen=True)
class WeightsSource:
    """The pretrained weights of one encoder.

    Attributes:
        encoder: name of the encoder, as recipes give it.
        weights: name of the weights.
        recipes: names of the recipes that begin with these weights.
        source: the package of the package registry, or the repository on the Hugging Face Hub.
        licence: SPDX identifier in lower case, or "unknown".
        size: size in bytes; of weights that are not on this machine, 4 for each parameter of the encoder.
        path: path of the file on this machine; None where it would have to be fetched.
    """

    encoder: str
    weights: str
    recipes: tuple[str, ...]
    source: str
    licence: str
    size: int
    path: Path | None

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {**asdict(self), "path": None if self.path is None else str(self.path)}


def weights_sources(recipes: Iterable[Recipe]) -> list[WeightsSource]:
    """List the pretrained weights that recipes begin with, each once; nothing is fetched.

    Args:
        recipes: those whose `encoder_weights` are a `.safetensors` file or "none" are left out.

    Raises:
        SeverstalError: an encoder or its weights are unknown, or an installed package cannot be used.

    Example:
        >>> from severstal.recipe import Recipe
        >>> [(each.encoder, each.source, each.licence) for each in weights_sources([Recipe(name="mine")])]
        [('efficientnet-b3', 'smp-hub/efficientnet-b3.imagenet', 'apache-2.0')]
    """
    users: dict[tuple[str, str], list[str]] = {}
    for recipe in recipes:
        for part in recipe.members or (recipe,):
            model = part.model
            if model.encoder_weights == "none" or model.encoder_weights.endswith(".safetensors"):
                continue
            names = users.setdefault((find_encoder(model.encoder_name), model.encoder_weights), [])
            if recipe.name not in names:
                names.append(recipe.name)
    return [_source(*key, tuple(names)) for key, names in users.items()]


def fetch_sources(sources: Iterable[WeightsSource]) -> list[Path]:
    """Download the weights that are missing on this machine.

    Returns:
        The file of each.

    Raises:
        SeverstalError: one could not be fetched.
    """
    return [path for each in sources if (path := find_weights(each.encoder, each.weights)) is not None]


def pack_sources(sources: Iterable[WeightsSource], folder: str | Path) -> list[Path]:
    """Copy weights into a folder that serves a machine without network as $SEVERSTAL_WEIGHTS.

    Args:
        sources: fetched where they are not here.
        folder: made where it is missing.

    Returns:
        The copies, called as `packed_path` has it; those that are there already in the same size stay.

    Raises:
        SeverstalError: one could not be fetched, or the folder cannot be written.
    """
    copies = []
    for each in sources:
        path = find_weights(each.encoder, each.weights)
        if path is None:
            raise SeverstalError(
                f"{each.encoder}: there is no file for the weights {each.weights!r}: leave the recipe out"
            )
        copy = packed_path(each.encoder, each.weights, Path(folder))
        if not copy.is_file() or copy.stat().st_size != path.stat().st_size:
            with atomic_write(copy) as part:
                shutil.copyfile(path, part)
        copies.append(copy)
    return copies


def _source(encoder: str, weights: str, recipes: tuple[str, ...]) -> WeightsSource:
    package, path = find_package(encoder, weights), find_local(encoder, weights)
    source = find_published(encoder, weights)[0]
    licence = _licence(encoder, weights)
    if package is not None and (path is None or is_installed(package)):
        source, licence = f"{package.distribution} {package.version}", package.licence.lower()
    size = _parameters(encoder) * _BYTES if path is None else path.stat().st_size
    return WeightsSource(encoder, weights, recipes, source, licence, size, path)


def _licence(encoder: str, weights: str) -> str:
    if not encoder.startswith(TIMM):
        found = [licence for family, licence in _SMP_LICENCES.items() if encoder.startswith(family)]
        return found[0] if found and weights == "imagenet" else "unknown"
    name = find_published(encoder, weights)[0].removeprefix("timm/")
    return timm.models.get_pretrained_cfg(name).license or "unknown"


def _parameters(encoder: str) -> int:
    with torch.device("meta"):
        if encoder.startswith(TIMM):
            network = timm.create_model(encoder.removeprefix(TIMM))
        else:
            network = smp.encoders.get_encoder(encoder, weights=None)
    return sum(weight.numel() for weight in network.parameters())
