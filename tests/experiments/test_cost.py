"""The cost of networks, against counts by hand and torch's own."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from severstal.competition.spec import Spec
from severstal.experiments.cost import count_kept_bytes, count_multiply_adds, count_training_bytes
from severstal.models.checkpointing import checkpoint_activations
from severstal.models.from_recipe import new_network
from severstal.models.registry import build_model
from severstal.recipe import PhaseSettings, Recipe
from severstal.recipe.switches import change

SPEC = Spec("small", (64, 256), ("bright", "dark"))
SETTINGS = {
    "model.architecture": "unet",
    "model.encoder_name": "tu-test_resnet",
    "model.options": {"decoder_channels": [16, 16, 8, 8, 8]},
    "augment.crop": (64, 64),
    "training.epochs": 4,
    "training.batch_size": 4,
}
RECIPE = change(Recipe(), SETTINGS)


def test_multiply_adds_of_layers_by_hand() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),  # 8 x 10 places of 27 products for 8 channels
        nn.ReLU(),
        nn.Conv2d(8, 8, 5, padding=2, groups=8),  # 25 products
        nn.Conv2d(8, 2, 1),
    )
    places = 8 * 10
    assert count_multiply_adds(network, torch.zeros(2, 3, 16, 20)) == 2 * places * (8 * 27 + 8 * 25 + 2 * 8)


class Attention(nn.Module):
    """Every pixel looks at every pixel."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        tokens = pictures.flatten(2).transpose(1, 2)  # (N, H * W, channels)
        return nn.functional.scaled_dot_product_attention(tokens, tokens, tokens)


def test_attention_counts() -> None:
    assert count_multiply_adds(Attention(), torch.zeros(1, 8, 3, 4)) == 2 * 12 * 12 * 8


def test_kept_bytes_grow_with_the_batch_and_not_with_the_weights() -> None:
    network = build_model("unet", "tu-test_resnet")

    def kept(count: int) -> int:
        return count_kept_bytes(network, lambda: network(torch.zeros(count, 1, 64, 64)).masks.square().mean())

    two, four = kept(2), kept(4)
    assert two > 1_000_000
    assert four == pytest.approx(2 * two, rel=0.02)


def test_a_tensor_kept_twice_counts_once() -> None:
    values = torch.ones(100, requires_grad=True)
    assert count_kept_bytes(nn.Identity(), lambda: (values.exp() * 1).square().sum()) <= 3 * 400


def test_checkpointed_activations_are_not_kept() -> None:
    plain = count_training_bytes(RECIPE, SPEC)
    checkpointed = count_training_bytes(change(RECIPE, {"training.checkpoint_activations": True}), SPEC)
    # As much less as the encoder's blocks keep inside, counted on the network alone.
    network, other = (
        build_model("unet", "tu-test_resnet", classes=2, options=RECIPE.model.options) for _ in "ab"
    )
    checkpoint_activations(other)
    pictures = torch.randn(2, 1, 64, 64)
    kept = [count_kept_bytes(net, lambda net=net: net(pictures).masks.mean()) for net in (network, other)]
    assert kept[1] < 0.9 * kept[0]
    assert plain - checkpointed == pytest.approx(4 / 2 * (kept[0] - kept[1]), rel=0.02)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_largest_phase_counts(accumulate: int) -> None:
    recipe = change(RECIPE, {"training.accumulate": accumulate})
    plain = count_training_bytes(recipe, SPEC)
    wide = count_training_bytes(change(recipe, {"augment.crop": (64, 128)}), SPEC)
    large = count_training_bytes(change(recipe, {"training.batch_size": 10}), SPEC)
    assert plain < wide < large
    phases = (PhaseSettings(start=0.25, crop=(64, 128)), PhaseSettings(start=0.5, crop=(64, 32)))
    assert count_training_bytes(replace(recipe, phases=phases), SPEC) == wide
    phases = (*phases, PhaseSettings(start=0.75, batch_size=10))
    assert count_training_bytes(replace(recipe, phases=phases), SPEC) == large
    # One that smaller crops come with is no larger than the start; one after the end is never in force.
    for settings in (PhaseSettings(start=0.5, crop=(64, 32)), PhaseSettings(start=1.0, crop=(64, 256))):
        assert count_training_bytes(replace(recipe, phases=(settings,)), SPEC) == plain


def test_a_frozen_encoder_keeps_less() -> None:
    frozen = (PhaseSettings(start=0.0, frozen_encoder=True),)
    assert count_training_bytes(replace(RECIPE, phases=frozen), SPEC) < count_training_bytes(RECIPE, SPEC)
    # A phase that frees it again counts whole.
    freed = (*frozen, PhaseSettings(start=0.5))
    assert count_training_bytes(replace(RECIPE, phases=freed), SPEC) == count_training_bytes(RECIPE, SPEC)


def test_an_instance_network_is_measured_with_defects() -> None:
    settings = {"model.architecture": "maskrcnn", "model.options": {"channels": 16}}
    recipe = change(RECIPE, settings | {"training.batch_size": 2})
    network = new_network(recipe, SPEC, "none").train()
    pictures, clean = torch.randn(2, 1, 64, 64), torch.zeros(2, 2, 64, 64)
    of_clean = count_kept_bytes(network, lambda: network(pictures).loss(clean))
    weights = sum(weight.numel() for weight in network.parameters())
    assert count_training_bytes(recipe, SPEC) - 16 * weights > 1.02 * of_clean


def test_momentum_keeps_one_mean_and_adam_two() -> None:
    adam, sgd = (
        count_training_bytes(change(RECIPE, {"training.optimizer": name}), SPEC) for name in ("adam", "sgd")
    )
    assert adam - sgd == 4 * sum(weight.numel() for weight in new_network(RECIPE, SPEC, "none").parameters())


def test_the_larger_micro_batch_of_an_odd_batch_counts() -> None:
    odd = change(RECIPE, {"training.batch_size": 5, "training.accumulate": 2})
    even = change(RECIPE, {"training.batch_size": 3})
    assert count_training_bytes(odd, SPEC) == count_training_bytes(even, SPEC)
