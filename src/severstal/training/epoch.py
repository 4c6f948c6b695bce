"""One epoch of training."""

from dataclasses import dataclass

import numpy as np
import torch

from severstal.progress import progress
from severstal.training.loader import TrainLoader
from severstal.training.non_finite import NonFiniteGuard
from severstal.training.optimizer import set_learning_rate
from severstal.training.phases import Plan
from severstal.training.state import TrainingState
from severstal.training.step import TrainStep


@dataclass(frozen=True)
class EpochResult:
    """The statistics of a training epoch.

    Attributes:
        loss: mean loss over the batches.
        learning_rate: learning rate of the last step.
        pictures: number of crops that were trained on, over all processes.
    """

    loss: float
    learning_rate: float
    pictures: int


def train_epoch(
    state: TrainingState, step: TrainStep, loader: TrainLoader, plan: Plan, guard: NonFiniteGuard, label: str
) -> EpochResult:
    """Train for the next epoch, the one after those in the state's history.

    Everything random in it follows from the loader's seed, the epoch and the batch: a resumed training
    repeats it exactly.

    Args:
        state: state of the training; its network is trained.
        step: trains on one batch.
        loader: the batches.
        plan: learning rates.
        guard: stops at a non-finite loss, and after the last step at a non-finite weight.
        label: label of the progress bar.

    Raises:
        SeverstalError: a loss or a weight is not finite; a crop does not fit into the device's memory.
    """
    epoch, accelerator = len(state.history), loader.accelerator
    state.network.train()
    total, pictures = torch.zeros((), device=accelerator.device), 0
    batches = loader.batches(epoch)
    if accelerator.is_main_process:
        batches = progress(batches, label, total=len(loader), unit="batch")
    for number, crops in enumerate(batches):
        rate = plan.learning_rate(epoch, number)
        set_learning_rate(state.optimizer, rate)
        result = step(crops, seed=batch_seed(loader, epoch, number))
        guard.check_loss(result.loss, epoch, number, rate, loader.names(crops))
        if result.hardness is not None:
            loader.record_hardness(crops, result.hardness)
        total += result.loss
        pictures += crops.batch_size
    guard.end_epoch()
    guard.check_weights(state.network, epoch)
    if result.hardness is not None:
        loader.end_epoch()
        state.hardness = loader.hardness.copy()
    return EpochResult(total.item() / len(loader), rate, pictures)


def batch_seed(loader: TrainLoader, epoch: int, number: int) -> int:
    """Return the random seed of the network's layers, such as dropout; each process has its own."""
    place = [loader.seed, epoch, number, loader.accelerator.process_index]
    return int(np.random.SeedSequence(place).generate_state(1)[0])
