"""Weights on disk: safetensors, one file per network, never a pickle."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from severstal.errors import SeverstalError
from severstal.files import atomic_write

Tensors = dict[str, torch.Tensor]
_ENTRY = "network"  # of the file's metadata


def save_weights(network: nn.Module, path: str | Path) -> None:
    """Write a network's weights and buffers as safetensors, with a record of its architecture.

    Args:
        network: network from `build_model`; any other is written without a record of its architecture.
        path: path of the file; it is replaced atomically.

    Raises:
        SeverstalError: the disk is full, or the file may not be written; an earlier file then stays as it
            was.
    """
    record = getattr(network, "built_as", {})
    # One entry: the order of several would differ from process to process, and with it the file's bytes.
    write_tensors(network.state_dict(), path, {_ENTRY: json.dumps(record, sort_keys=True)} if record else {})


def read_built_as(path: str | Path) -> dict[str, Any]:
    """Read the record of the architecture in a file of weights; empty where it has none.

    Raises:
        SeverstalError: the file is missing or damaged.
    """
    with _reading(path), safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        return json.loads(metadata.get(_ENTRY, "{}"))


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
    """Write tensors and metadata as one safetensors file, atomically."""
    # Not by save_file: it makes files that only their owner may read.
    data = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, metadata)
    with atomic_write(path) as part:
        part.write_bytes(data)


def read_tensors(path: str | Path) -> tuple[Tensors, dict[str, str]]:
    """Read the tensors and the metadata of a safetensors file.

    Raises:
        SeverstalError: the file is missing or damaged.
    """
    with _reading(path), safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118


@contextmanager
def _reading(path: str | Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such weights: train the fold first") from None
    except (SafetensorError, OSError, json.JSONDecodeError) as error:
        raise SeverstalError(f"{path}: damaged weights ({error}): delete the file and train again") from error
