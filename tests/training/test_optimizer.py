"""Each optimizer by its name; the encoder's weights at their own rate, or not at all; norms not decayed."""

import pytest
import torch
from torch import nn
from torch.optim import Optimizer

from severstal.models.network import encoder_of
from severstal.models.registry import build_model
from severstal.recipe import TrainingSettings
from severstal.training.optimizer import build_optimizer, freeze_encoder, set_learning_rate


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return build_model("unet", "tu-test_resnet", classes=2, options={"decoder_channels": [8, 8, 8, 8, 8]})


def step(network: nn.Module, optimizer: Optimizer, seed: int = 0) -> None:
    generator = torch.Generator().manual_seed(seed)
    optimizer.zero_grad()
    network(torch.randn(2, 1, 32, 32, generator=generator)).masks.square().mean().backward()
    optimizer.step()


def weights(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in module.named_parameters()}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adamw", torch.optim.AdamW),
        ("adam", torch.optim.Adam),
        ("radam", torch.optim.RAdam),
        ("sgd", torch.optim.SGD),
    ],
)
def test_it_is_the_optimizer_of_that_name(network: nn.Module, name: str, kind: type) -> None:
    optimizer = build_optimizer(network, TrainingSettings(optimizer=name))
    assert type(optimizer) is kind
    before = weights(network)
    step(network, optimizer)
    assert all(
        not torch.equal(weight, before[key])
        for key, weight in network.named_parameters()
        if weight.grad is not None and weight.grad.any()
    )


def test_sgd_has_nesterov_momentum(network: nn.Module) -> None:
    for group in build_optimizer(network, TrainingSettings(optimizer="sgd")).param_groups:
        assert (group["momentum"], group["nesterov"]) == (0.9, True)


@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_every_weight_that_learns_is_in_one_group(network: nn.Module, decay: float) -> None:
    frozen = next(network.parameters())
    frozen.requires_grad_(False)
    groups = build_optimizer(network, TrainingSettings(weight_decay=decay)).param_groups
    found = [id(weight) for group in groups for weight in group["params"]]
    assert len(found) == len(set(found))
    assert set(found) == {id(weight) for weight in network.parameters() if weight is not frozen}
    inside = {id(weight) for weight in encoder_of(network).parameters()}
    for group in groups:
        assert all((id(weight) in inside) == (group["part"] == "encoder") for weight in group["params"])
        assert group["weight_decay"] == (decay if group["params"][0].ndim > 1 else 0.0)
        assert len({weight.ndim > 1 for weight in group["params"]}) == 1


def test_the_encoder_learns_at_its_own_rate(network: nn.Module) -> None:
    settings = TrainingSettings(optimizer="sgd", encoder_lr_factor=0.01, weight_decay=0.0)
    optimizer = build_optimizer(network, settings)
    set_learning_rate(optimizer, 0.5)
    assert {(group["part"], group["lr"]) for group in optimizer.param_groups} == {
        ("encoder", 0.005),
        ("rest", 0.5),
    }
    before = weights(network)
    step(network, optimizer)
    inside = {id(weight) for weight in encoder_of(network).parameters()}
    for name, weight in network.named_parameters():
        rate = 0.005 if id(weight) in inside else 0.5
        expected = before[name] - rate * 1.9 * weight.grad  # Nesterov's first step is 1 + 0.9 gradients
        torch.testing.assert_close(weight.detach(), expected)


def test_a_frozen_encoder_stays_while_its_means_and_the_rest_go_on(network: nn.Module) -> None:
    optimizer = build_optimizer(network, TrainingSettings(learning_rate=0.01))
    encoder = encoder_of(network)
    step(network, optimizer)
    remembered = {id(weight): optimizer.state[weight]["exp_avg"].clone() for weight in encoder.parameters()}
    before, rest = weights(encoder), weights(network.body.decoder)
    means = [buffer.clone() for name, buffer in encoder.named_buffers() if name.endswith("running_mean")]

    freeze_encoder(optimizer, True)
    step(network, optimizer, seed=1)
    assert all(torch.equal(weight, before[name]) for name, weight in encoder.named_parameters())
    assert any(
        not torch.equal(weight, rest[name]) for name, weight in network.body.decoder.named_parameters()
    )
    now = [buffer for name, buffer in encoder.named_buffers() if name.endswith("running_mean")]
    assert all(not torch.equal(*pair) for pair in zip(means, now, strict=True))
    for weight in encoder.parameters():
        assert torch.equal(optimizer.state[weight]["exp_avg"], remembered[id(weight)])

    freeze_encoder(optimizer, False)
    step(network, optimizer, seed=2)
    assert all(not torch.equal(weight, before[name]) for name, weight in encoder.named_parameters())


def test_weights_that_never_learn_are_not_freed(network: nn.Module) -> None:
    still = next(encoder_of(network).parameters())
    still.requires_grad_(False)
    optimizer = build_optimizer(network, TrainingSettings())
    freeze_encoder(optimizer, True)
    freeze_encoder(optimizer, False)
    assert not still.requires_grad
