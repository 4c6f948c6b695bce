"""A non-finite loss stops the training and names its own batch, not the one after."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from severstal.device import make_accelerator
from severstal.errors import SeverstalError
from severstal.training.non_finite import NonFiniteGuard

NAMES = ["a.png", "b.png", "c.png", "d.png", "e.png"]


@pytest.fixture
def guard(tmp_path: Path) -> NonFiniteGuard:
    return NonFiniteGuard(tmp_path, make_accelerator("fp32"))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_the_batch_before_is_named(guard: NonFiniteGuard, tmp_path: Path, bad: float) -> None:
    guard.check_loss(torch.tensor(0.5), 3, 6, 0.1, ["fine.png"])
    guard.check_loss(torch.tensor(bad), 3, 7, 0.25, NAMES)
    with pytest.raises(SeverstalError) as caught:
        guard.check_loss(torch.tensor(0.5), 3, 8, 0.1, ["later.png"])
    message = str(caught.value)
    assert f"the loss of epoch 4 is {bad}, at batch 8 with a.png, b.png, c.png and 2 more" in message
    assert "lower training.learning_rate" in message
    assert "\n" not in message
    assert json.loads((tmp_path / "nan_batch.json").read_text()) == {
        "epoch": 4,
        "batch": 8,
        "loss": str(bad),
        "learning_rate": 0.25,
        "images": NAMES,
    }


def test_the_last_batch_is_checked_too(guard: NonFiniteGuard, tmp_path: Path) -> None:
    guard.check_loss(torch.tensor(0.5), 0, 0, 0.1, NAMES)
    guard.end_epoch()
    assert not list(tmp_path.iterdir())
    guard.check_loss(torch.tensor(float("nan")), 1, 0, 0.1, NAMES[:2])
    with pytest.raises(SeverstalError, match=r"epoch 2 is nan, at batch 1 with a\.png, b\.png: lower"):
        guard.end_epoch()
    guard.end_epoch()  # it was looked at


def test_a_loss_that_is_changed_later_was_seen_as_it_was(guard: NonFiniteGuard) -> None:
    loss = torch.tensor(0.5)
    guard.check_loss(loss, 0, 0, 0.1, NAMES)
    loss.fill_(float("nan"))
    guard.end_epoch()


@pytest.mark.parametrize(("name", "bad"), [("0.bias", float("nan")), ("1.running_var", float("inf"))])
def test_weights_that_are_no_numbers_are_named(
    guard: NonFiniteGuard, tmp_path: Path, name: str, bad: float
) -> None:
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3))
    guard.check_weights(network, 1)
    network.state_dict()[name][2] = bad
    with pytest.raises(SeverstalError) as caught:
        guard.check_weights(network, 1)
    assert str(caught.value) == (
        f"{tmp_path}: the last batch of epoch 2 left {bad} in {name}: "
        "lower training.learning_rate, or set training.clip"
    )
