"""Weights and the state of a training on disk: safetensors, one file a thing, never a pickle."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from severstal.errors import SeverstalError
from severstal.files import replacing


def save_weights(network: nn.Module, path: str | Path) -> None:
    """Write a network's weights and buffers as safetensors, whole."""
    _save(network.state_dict(), path, {})


def load_weights(network: nn.Module, path: str | Path) -> None:
    """Fill a network with the weights of a safetensors file; every weight has to be there and fit.

    Raises:
        SeverstalError: the file is missing or damaged, or holds another network's weights.
    """
    tensors, _ = _load(path)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise SeverstalError(f"{path}: weights of another network ({reason}): train again") from error


def save_state(
    path: str | Path, network: nn.Module, optimizer: torch.optim.Optimizer, facts: dict[str, Any]
) -> None:
    """Write all that a training needs to go on, in one file, so that it is whole or not there.

    Args:
        path: of the file.
        network: its weights and buffers are kept.
        optimizer: its tensors and their numbers are kept; the learning rate follows from the step.
        facts: whatever else, as JSON, such as the epoch and the history.
    """
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    _save(tensors, path, {"facts": json.dumps(facts)})


def load_state(path: str | Path, network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Fill network and optimizer from `save_state`'s file and give back its facts.

    Raises:
        SeverstalError: the file is missing or damaged, or belongs to another network.
    """
    tensors, metadata = _load(path)
    weights, state = {}, {}
    for name, tensor in tensors.items():
        owner, rest = name.split(".", 1)
        if owner == "network":
            weights[rest] = tensor
        else:
            index, key = rest.split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
    network.load_state_dict(weights)
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    return json.loads(metadata["facts"])


def read_facts(path: str | Path) -> dict[str, Any]:
    """Read the facts of `save_state`'s file alone."""
    return json.loads(_load(path)[1]["facts"])


def _save(tensors: dict[str, torch.Tensor], path: str | Path, metadata: dict[str, str]) -> None:
    # Not by save_file: it makes files that only their owner may read.
    data = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, metadata)
    with replacing(path) as part:
        part.write_bytes(data)


def _load(path: str | Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError:
        raise SeverstalError(f"{path}: no such weights: train the fold first") from None
    except (SafetensorError, OSError) as error:
        raise SeverstalError(f"{path}: damaged weights ({error}): delete the file and train again") from error
