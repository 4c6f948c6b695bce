"""The file of a training's state: one safetensors file, never a pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.optim import Optimizer

from severstal.errors import SeverstalError
from severstal.models.checkpoint import Tensors, read_tensors, write_tensors


def save_state(path: str | Path, owners: Mapping[str, Tensors], facts: Mapping[str, Any]) -> None:
    """Write all that is needed to resume a training, atomically, in one file.

    Args:
        path: path of the file.
        owners: tensors of each owner, such as the network, by owner and by name; the owner's name has no dot.
        facts: further values that JSON can hold, such as the history.

    Raises:
        SeverstalError: the disk is full, or the file may not be written; the earlier file is kept.
    """
    tensors = {f"{owner}.{name}": tensor for owner, own in owners.items() for name, tensor in own.items()}
    write_tensors(tensors, path, {"facts": json.dumps(facts)})


def load_state(path: str | Path) -> tuple[dict[str, Tensors], dict[str, Any]]:
    """Read what `save_state` wrote.

    Returns:
        The tensors of each owner that has any, and the facts.

    Raises:
        SeverstalError: the file is missing or damaged.
    """
    tensors, metadata = read_tensors(path)
    owners: dict[str, Tensors] = {}
    for name, tensor in tensors.items():
        owner, rest = name.split(".", 1)
        owners.setdefault(owner, {})[rest] = tensor
    try:
        return owners, json.loads(metadata["facts"])
    except (KeyError, json.JSONDecodeError) as error:
        raise SeverstalError(f"{path}: not the state of a training: delete it and train again") from error


def optimizer_tensors(optimizer: Optimizer) -> Tensors:
    """The state of an optimizer per weight; its learning rates follow from the step."""
    return {
        f"{index}.{name}": torch.as_tensor(value)
        for index, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
        if value is not None
    }


def fill_optimizer(optimizer: Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    """Restore the state that `optimizer_tensors` returned in an optimizer of the same weights."""
    state: dict[int, Tensors] = {}
    for name, tensor in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
