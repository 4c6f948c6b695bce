"""The cost of a recipe's networks: parameters, multiply-adds, memory, time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from severstal.competition.spec import Spec
from severstal.data.batches import batches_of_one_shape
from severstal.device import make_accelerator
from severstal.inference.predict import predict_batch
from severstal.losses.from_recipe import loss_of
from severstal.models.checkpointing import checkpoint_activations
from severstal.models.from_recipe import load_network, new_network
from severstal.models.network import Network
from severstal.pipeline import Trained
from severstal.recipe import Recipe
from severstal.training.optimizer import build_optimizer, freeze_encoder
from severstal.training.phases import Phase, Plan

TRIED = 4  # pictures whose inference is timed
REPEATS = 3


@dataclass(frozen=True)
class Cost:
    """Cost of the networks of a run, one fold of each.

    Attributes:
        parameters: number of parameters, frozen ones included.
        multiply_adds: multiply-adds of one picture through the networks, without views.
        training_bytes: memory of a training step, see `count_training_bytes`; for an ensemble, its largest
            member's.
        pictures_a_second: pictures per second in inference with the recipe's views on this machine, from
            picture to map.
    """

    parameters: int
    multiply_adds: int
    training_bytes: int
    pictures_a_second: float


def measure_cost(trained: Sequence[Trained]) -> Cost:
    """Count and time the networks of a run, or of an ensemble's members: fold 0 of each."""
    parts = [_measure(each) for each in trained]
    return Cost(
        sum(part.parameters for part in parts),
        sum(part.multiply_adds for part in parts),
        max(part.training_bytes for part in parts),
        1 / sum(1 / part.pictures_a_second for part in parts),
    )


def _measure(trained: Trained) -> Cost:
    recipe, spec = trained.job.recipe, trained.job.spec
    network = new_network(recipe, spec, encoder_weights="none")
    parameters = sum(weight.numel() for weight in network.parameters())
    height, width = (-(-side // recipe.data.scale) for side in trained.job.typical_shape)
    counted = count_multiply_adds(network.eval(), torch.zeros(1, spec.channels, height, width))
    return Cost(
        parameters,
        counted,
        count_training_bytes(recipe, spec, trained.job.typical_shape),
        _inference_rate(trained),
    )


def count_training_bytes(recipe: Recipe, spec: Spec, shape: tuple[int, int] | None = None) -> int:
    """Count the memory of a training step: weights, gradients, optimizer state and activations.

    Activations are counted as the recipe keeps them for the backward pass: with activation checkpointing only
    the inputs of the encoder's blocks, with a frozen encoder almost none of it. Of several phases the largest
    counts. Counted in fp32, not measured: the same on every machine.

    Args:
        recipe: recipe of one network.
        spec: specification of the data set.
        shape: height and width of a typical picture; None for that of the specification.
    """
    network = new_network(recipe, spec, encoder_weights="none")
    if recipe.training.checkpoint_activations:
        checkpoint_activations(network)
    optimizer = build_optimizer(network, recipe.training)
    kept = []
    for phase in Plan(recipe, images=1).phases:
        if phase.start < recipe.training.epochs:
            freeze_encoder(optimizer, phase.frozen_encoder)
            kept.append(_kept_bytes(network, recipe, spec, shape or spec.image_shape, phase))
    copies = 3 if recipe.training.optimizer == "sgd" else 4  # of a weight: itself, its gradient, its means
    return round(copies * 4 * sum(weight.numel() for weight in network.parameters()) + max(kept))


def _kept_bytes(
    network: Network, recipe: Recipe, spec: Spec, picture: tuple[int, int], phase: Phase
) -> float:
    """Return the bytes that the largest micro-batch of a phase keeps, scaled up from two crops."""
    crop = [
        -(-min(side, whole) // recipe.data.scale) for side, whole in zip(phase.crop, picture, strict=True)
    ]
    loss = loss_of(recipe, len(spec.classes), phase.masks)
    some = torch.randn(2, spec.channels, *crop)
    truth = _some_defects(len(spec.classes), *crop).expand(2, -1, -1, -1)
    kept = count_kept_bytes(network.train(), lambda: loss(network(some), truth)) / len(some)
    return kept * -(-phase.batch_size // recipe.training.accumulate)


def _some_defects(classes: int, height: int, width: int) -> Tensor:
    """Squares in rows, (1, classes, height, width): of clean pictures a network of instances keeps less."""
    side = max(1, min(height, width) // 8)
    down, right = (torch.arange(length) // side % 4 == 1 for length in (height, width))
    return (down[:, None] & right).float().expand(1, classes, -1, -1)


def count_multiply_adds(network: nn.Module, pictures: Tensor) -> int:
    """Count the multiply-adds of convolutions and matrix products for a batch of pictures.

    Args:
        network: network in evaluation mode.
        pictures: (N, channels, H, W).

    Example:
        >>> count_multiply_adds(nn.Conv2d(1, 4, 3, padding=1), torch.zeros(1, 1, 8, 10))
        2880
    """
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(pictures)
    return counter.get_total_flops() // 2


def count_kept_bytes(network: nn.Module, compute: Callable[[], Tensor]) -> int:
    """Count the bytes that autograd keeps between forward and backward pass, without the weights.

    Args:
        network: network, whose weights are not counted.
        compute: function that returns a scalar with gradient.

    Example:
        >>> layer, batch = nn.Linear(4, 1), torch.zeros(8, 4)
        >>> count_kept_bytes(layer, lambda: layer(batch).sum())
        128
    """
    weights = {tensor.untyped_storage().data_ptr() for tensor in network.state_dict().values()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.enable_grad(), saved_tensors_hooks(keep, lambda tensor: tensor):
        result = compute()  # what it holds must not be freed before all is counted
    del result
    return sum(kept.values())


def _inference_rate(trained: Trained) -> float:
    job = trained.job
    accelerator = make_accelerator(job.recipe.training.precision)
    network = load_network(job.recipe, job.spec, trained.weights[0])
    network = network.to(accelerator.device, memory_format=torch.channels_last)
    sizes = [job.spec.shape_of(name) for name in job.images]
    alike = next(batches_of_one_shape(range(len(sizes)), sizes.__getitem__, TRIED, job.spec))
    pictures = np.stack([job.train_pictures.picture(job.images[row]) for row in alike])
    shape = tuple(-(-side // job.recipe.inference.map_scale) for side in pictures.shape[1:3])
    seconds = []
    for _ in range(1 + REPEATS):
        begun = time.perf_counter()
        predict_batch([network], pictures, job.recipe, accelerator, shape)  # its bytes wait for the device
        seconds.append(time.perf_counter() - begun)
    return len(pictures) / median(seconds[1:])  # the first warms up
