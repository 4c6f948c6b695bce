"""Weights and the state of a training on disk: safetensors, one file a thing, never a pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn
from torch.optim import Optimizer

from severstal.errors import SeverstalError
from severstal.files import replacing

Tensors = dict[str, torch.Tensor]


def save_weights(network: nn.Module, path: str | Path) -> None:
    """Write a network's weights and buffers as safetensors, whole."""
    _save(network.state_dict(), path, {})


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
    return _load(path)[0]


def save_state(path: str | Path, owners: Mapping[str, Tensors], facts: Mapping[str, Any]) -> None:
    """Write all that a training needs to go on, in one file, so that it is whole or not there.

    Args:
        path: of the file.
        owners: tensors by name, by the name of what they belong to, which holds no dot.
        facts: whatever else, as JSON, such as the epoch and the history.

    Raises:
        SeverstalError: the disk is full, or the file may not be written; the earlier one stays.
    """
    tensors = {f"{owner}.{name}": tensor for owner, own in owners.items() for name, tensor in own.items()}
    _save(tensors, path, {"facts": json.dumps(facts)})


def load_state(path: str | Path) -> tuple[dict[str, Tensors], dict[str, Any]]:
    """Read `save_state`'s file.

    Returns:
        The owners that have tensors, and the facts.

    Raises:
        SeverstalError: the file is missing or damaged.
    """
    tensors, metadata = _load(path)
    owners: dict[str, Tensors] = {}
    for name, tensor in tensors.items():
        owner, rest = name.split(".", 1)
        owners.setdefault(owner, {})[rest] = tensor
    try:
        return owners, json.loads(metadata["facts"])
    except (KeyError, json.JSONDecodeError) as error:
        raise SeverstalError(f"{path}: not the state of a training: delete it and train again") from error


def optimizer_tensors(optimizer: Optimizer) -> Tensors:
    """What an optimizer remembers of each weight; its learning rates follow from the step."""
    return {
        f"{index}.{name}": torch.as_tensor(value)
        for index, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
        if value is not None
    }


def fill_optimizer(optimizer: Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    """Give an optimizer of the same weights back what `optimizer_tensors` took from another."""
    state: dict[int, Tensors] = {}
    for name, tensor in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _save(tensors: Mapping[str, torch.Tensor], path: str | Path, metadata: dict[str, str]) -> None:
    # Not by save_file: it makes files that only their owner may read.
    data = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, metadata)
    with replacing(path) as part:
        part.write_bytes(data)


def _load(path: str | Path) -> tuple[Tensors, dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such weights: train the fold first") from None
    except (SafetensorError, OSError) as error:
        raise SeverstalError(f"{path}: damaged weights ({error}): delete the file and train again") from error
