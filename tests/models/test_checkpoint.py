"""Weights come back bit for bit; what is damaged or foreign is named."""

import errno
from pathlib import Path

import pytest
import torch
from torch import nn

from severstal.errors import SeverstalError
from severstal.models.checkpoint import load_weights, save_weights


def network(width: int = 3) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, width, 3), nn.BatchNorm2d(width), nn.Conv2d(width, 1, 1))


def test_weights_survive(tmp_path: Path) -> None:
    one, other = network(), network()
    save_weights(one, tmp_path / "a.safetensors")
    load_weights(other, tmp_path / "a.safetensors")
    assert all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_bad_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    with pytest.raises(SeverstalError, match=r"a\.safetensors: no such weights: train the fold first"):
        load_weights(network(), path)
    save_weights(network(), path)
    with pytest.raises(SeverstalError, match=r"weights of another network .*: train again"):
        load_weights(network(4), path)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(SeverstalError, match="damaged weights"):
        load_weights(network(), path)
    path.write_bytes(b"\x80\x04K\x01.")  # a pickle
    with pytest.raises(SeverstalError, match="damaged weights"):
        load_weights(network(), path)


def test_a_failed_write_keeps_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.safetensors"
    save_weights(network(), path)
    before = path.read_bytes()

    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SeverstalError, match="the disk is full"):
        save_weights(network(), path)
    assert path.read_bytes() == before
