"""The state of a training comes back whole, or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.amp import GradScaler

from severstal.memory import MicroBatches
from severstal.models.checkpoint import read_tensors, write_tensors
from severstal.models.registry import build_model
from severstal.recipe import TrainingSettings
from severstal.training.averaging import WeightAverage
from severstal.training.history import History
from severstal.training.optimizer import build_optimizer
from severstal.training.state import TrainingState


def new_state(seed: int = 0) -> TrainingState:
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Conv2d(3, 1, 1))
    return TrainingState(
        network,
        torch.optim.AdamW(network.parameters(), 0.01),
        MicroBatches(1),
        GradScaler("cpu", init_scale=64.0, growth_interval=1),
        WeightAverage(network, 0.5),
        WeightAverage(network, None),
    )


def train(state: TrainingState, steps: range) -> None:
    for seed in steps:
        generator = torch.Generator().manual_seed(seed)
        state.optimizer.zero_grad()
        loss = state.network(torch.randn(2, 1, 8, 8, generator=generator)).square().mean()
        state.scaler.scale(loss).backward()
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.ema.update(state.network)
        if seed % 2:
            state.swa.update(state.network)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_all_of_it_comes_back(tmp_path: Path) -> None:
    path, broken, unbroken = tmp_path / "state.safetensors", new_state(), new_state()
    train(unbroken, range(8))
    train(broken, range(4))
    broken.micro_batches.count = 8
    broken.threads = 3
    broken.hardness = np.array([0.5, np.nan, 0.25], np.float32)
    broken.history = History([{"epoch": 1, "score": 0.5}])
    broken.save(path, "key")

    resumed = new_state(seed=9)
    assert resumed.restore(path, "key")
    assert resumed.micro_batches.count == 8
    assert resumed.threads == 3
    assert np.array_equal(resumed.hardness, broken.hardness, equal_nan=True)
    assert resumed.history.epochs == [{"epoch": 1, "score": 0.5}]
    assert resumed.scaler.get_scale() == broken.scaler.get_scale() > 64
    train(resumed, range(4, 8))
    assert same(resumed.network.state_dict(), unbroken.network.state_dict())
    assert same(resumed.ema.tensors(), unbroken.ema.tensors())
    assert same(resumed.swa.tensors(), unbroken.swa.tensors())
    assert (resumed.ema.count, resumed.swa.count) == (8, 4)


def test_what_the_recipe_does_not_ask_for_is_not_kept(tmp_path: Path) -> None:
    network = nn.Linear(2, 1)
    state = TrainingState(network, torch.optim.SGD(network.parameters(), 0.1), MicroBatches(1))
    state.save(tmp_path / "state.safetensors", "key")
    again = TrainingState(network, torch.optim.SGD(network.parameters(), 0.1), MicroBatches(1))
    assert again.restore(tmp_path / "state.safetensors", "key")
    assert (again.ema, again.swa, again.hardness) == (None, None, None)


def test_another_key_a_missing_or_a_damaged_file_starts_afresh(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, state = tmp_path / "state.safetensors", new_state()
    assert not state.restore(path, "key")
    state.save(path, "key")
    before = {name: tensor.clone() for name, tensor in state.network.state_dict().items()}
    train(state, range(2))
    after = {name: tensor.clone() for name, tensor in state.network.state_dict().items()}
    assert not state.restore(path, "other")
    assert not caplog.messages
    path.write_bytes(path.read_bytes()[:-9])
    assert not state.restore(path, "key")
    assert "training starts from the beginning" in caplog.text
    assert same(state.network.state_dict(), after)
    assert not same(before, after)


@pytest.mark.parametrize(
    ("architecture", "encoder", "fact", "words"),
    [
        ("deeplab_v3plus", "tu-test_resnet", "built_as", "begun with other defaults of deeplab_v3plus"),
        ("segmenter_linear", "tu-test_vit", "undecayed", "begun with weight decay on embeddings"),
        ("fpn", "tu-test_resnet", "built_as", None),
        ("fpn", "tu-test_resnet", "undecayed", None),
    ],
)
def test_a_state_of_an_earlier_version_goes_on_only_where_nothing_changed(
    architecture: str,
    encoder: str,
    fact: str,
    words: str | None,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    network = build_model(architecture, encoder)
    state = TrainingState(network, build_optimizer(network, TrainingSettings()), MicroBatches(1))
    path = tmp_path / "state.safetensors"
    state.save(path, "key")
    assert state.restore(path, "key")
    tensors, metadata = read_tensors(path)
    facts = json.loads(metadata["facts"])
    del facts[fact]  # as earlier versions wrote it
    write_tensors(tensors, path, {"facts": json.dumps(facts)})
    assert state.restore(path, "key") == (words is None)
    assert words in caplog.text if words else not caplog.messages
