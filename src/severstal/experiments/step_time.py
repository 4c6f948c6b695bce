"""The time of a recipe's training steps on this machine, from a few of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor

from severstal.competition.spec import Spec
from severstal.experiments.cost import count_multiply_adds
from severstal.losses.from_recipe import loss_of
from severstal.models.from_recipe import new_network
from severstal.models.network import Network
from severstal.recipe import Recipe
from severstal.training.optimizer import build_optimizer, freeze_encoder
from severstal.training.phases import Phase, Plan

_CROPS = 2  # per step; of an epoch's batches the time per crop counts


@dataclass(frozen=True)
class PhaseTime:
    """The time of a phase's crops.

    Attributes:
        start: number of the phase's first epoch, from 0.
        seconds: seconds per crop of a step: forward and backward pass, and the optimizer's share.
        multiply_adds: multiply-adds of one crop in the forward pass.
    """

    start: int
    seconds: float
    multiply_adds: int


@dataclass(frozen=True)
class RecipeTime:
    """The time of a recipe's training on this machine.

    Attributes:
        phases: time of each phase, in order.
        picture: seconds to predict one whole picture with one view, as in validation.
    """

    phases: tuple[PhaseTime, ...]
    picture: float


def measure_recipe(recipe: Recipe, spec: Spec, images: int, steps: int = 3) -> RecipeTime:
    """Time a few steps of each phase, in fp32, on random pictures; weights are random.

    Args:
        recipe: recipe of one network.
        spec: spec of the data set.
        images: number of crops in an epoch.
        steps: number of timed steps; the median counts, after one that warms up.
    """
    network = new_network(recipe, spec, encoder_weights="none")
    optimizer = build_optimizer(network, recipe.training)
    phases = []
    for phase in Plan(recipe, images).phases:
        if phase.start < recipe.training.epochs:
            freeze_encoder(optimizer, phase.frozen_encoder)
            phases.append(_measure_phase(network, optimizer, recipe, spec, phase, images, steps))
    whole = torch.randn(1, spec.channels, *(-(-side // recipe.data.scale) for side in spec.image_shape))
    network.eval()
    with torch.no_grad():
        picture = _median_time(lambda: network(whole), steps)
    return RecipeTime(tuple(phases), picture)


def _measure_phase(
    network: Network,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    spec: Spec,
    phase: Phase,
    images: int,
    steps: int,
) -> PhaseTime:
    shape = [
        -(-min(side, whole) // recipe.data.scale)
        for side, whole in zip(phase.crop, spec.image_shape, strict=True)
    ]
    crops = torch.randn(_CROPS, spec.channels, *shape)
    truth = (torch.rand(_CROPS, len(spec.classes), *shape) < 0.05).float()
    loss = loss_of(recipe, len(spec.classes), phase.masks)

    def step() -> None:
        optimizer.zero_grad()
        computed: Tensor = loss(network(crops), truth)
        computed.backward()
        optimizer.step()

    network.train()
    seconds = _median_time(step, steps) / _CROPS
    return PhaseTime(phase.start, seconds, count_multiply_adds(network.eval(), crops[:1]))


def _median_time(work: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(1 + repeats):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return median(seconds[1:])
