"""Weights on disk: safetensors, one file per network, never a pickle."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from severstal.errors import SeverstalError
from severstal.files import atomic_write

Tensors = dict[str, torch.Tensor]


def save_weights(network: nn.Module, path: str | Path) -> None:
    """Write a network's weights and buffers as safetensors, whole."""
    write_tensors(network.state_dict(), path, {})


def load_weights(network: nn.Module, path: str | Path) -> None:
    """Fill a network with the weights of a safetensors file; every weight has to be there and fit.

    Raises:
        SeverstalError: the file is missing or damaged, or holds another network's weights.
    """
    try:
        network.load_state_dict(read_weights(path))
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise SeverstalError(f"{path}: weights of another network ({reason}): train again") from error


def read_weights(path: str | Path) -> Tensors:
    """Read the tensors of a safetensors file by their names.

    Raises:
        SeverstalError: the file is missing or damaged.
    """
    return read_tensors(path)[0]


def write_tensors(tensors: Mapping[str, torch.Tensor], path: str | Path, metadata: dict[str, str]) -> None:
    """Write tensors and a few texts as one safetensors file, atomically."""
    # Not by save_file: it makes files that only their owner may read.
    data = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, metadata)
    with atomic_write(path) as part:
        part.write_bytes(data)


def read_tensors(path: str | Path) -> tuple[Tensors, dict[str, str]]:
    """Read the tensors and the texts of a safetensors file.

    Raises:
        SeverstalError: the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such weights: train the fold first") from None
    except (SafetensorError, OSError) as error:
        raise SeverstalError(f"{path}: damaged weights ({error}): delete the file and train again") from error
