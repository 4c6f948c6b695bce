"""Weights and states come back bit for bit; what is damaged or foreign is named."""

import errno
from pathlib import Path

import pytest
import torch
from torch import nn

from severstal.errors import SeverstalError
from severstal.models.checkpoint import save_weights
from severstal.training.checkpoint import fill_optimizer, load_state, optimizer_tensors, save_state


def network(width: int = 3) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, width, 3), nn.BatchNorm2d(width), nn.Conv2d(width, 1, 1))


def step(net: nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    net(torch.randn(2, 1, 8, 8, generator=generator)).square().mean().backward()
    optimizer.step()
    optimizer.zero_grad()


@pytest.mark.parametrize(
    "make",
    [
        lambda weights: torch.optim.AdamW(weights, 0.01),
        lambda weights: torch.optim.RAdam(weights, 0.01),
        lambda weights: torch.optim.SGD(weights, 0.01, momentum=0.9, nesterov=True),
        lambda weights: torch.optim.SGD(weights, 0.01),
    ],
)
def test_a_training_goes_on_bit_for_bit(tmp_path: Path, make: object) -> None:
    unbroken = network()
    broken = network()
    broken.load_state_dict(unbroken.state_dict())
    trained = make(unbroken.parameters())
    for seed in range(6):
        step(unbroken, trained, seed)
    first = make(broken.parameters())
    for seed in range(3):
        step(broken, first, seed)
    owners = {"network": broken.state_dict(), "optimizer": optimizer_tensors(first)}
    save_state(tmp_path / "s.safetensors", owners, {"epoch": 3})
    resumed = network()
    second = make(resumed.parameters())
    owners, facts = load_state(tmp_path / "s.safetensors")
    assert facts == {"epoch": 3}
    resumed.load_state_dict(owners["network"])
    fill_optimizer(second, owners.get("optimizer", {}))
    for seed in range(3, 6):
        step(resumed, second, seed)
    for name, weight in unbroken.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_weights_are_not_a_state(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_weights(network(), path)
    with pytest.raises(SeverstalError, match="not the state of a training"):
        load_state(path)


def test_a_full_disk_keeps_the_earlier_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.safetensors"
    save_state(path, {"network": network().state_dict()}, {"epoch": 1})
    before = path.read_bytes()

    def half_written(self: Path, data: bytes) -> None:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half_written)
    with pytest.raises(SeverstalError, match=r"state\.safetensors: the disk is full: free some space"):
        save_state(path, {"network": network().state_dict()}, {"epoch": 2})
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["state.safetensors"]
