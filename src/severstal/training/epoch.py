"""One epoch of training: batch after batch, and what is to be known of it afterwards."""

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
    """What is known of an epoch of training.

    Attributes:
        loss: the mean over its batches.
        learning_rate: in its last step.
        pictures: how many crops it went through, in all processes.
    """

    loss: float
    learning_rate: float
    pictures: int


def train_epoch(
    state: TrainingState, step: TrainStep, feed: TrainLoader, plan: Plan, watch: NonFiniteGuard, label: str
) -> EpochResult:
    """Train for the epoch that comes after those in the state's history.

    All that is random in it follows from the feed's seed, epoch and batch: it is the same after a break.

    Args:
        state: its network learns.
        step: what is done with a batch.
        feed: the batches.
        plan: learning rates.
        watch: stops at a loss, and after the last step at a weight, that is no number.
        label: of the progress bar.

    Raises:
        SeverstalError: a loss or a weight is no number; a crop does not fit into the device's memory.
    """
    epoch, accelerator = len(state.history), feed.accelerator
    state.network.train()
    total, pictures = torch.zeros((), device=accelerator.device), 0
    batches = feed.batches(epoch)
    if accelerator.is_main_process:
        batches = progress(batches, label, total=len(feed), unit="batch")
    for number, crops in enumerate(batches):
        rate = plan.learning_rate(epoch, number)
        set_learning_rate(state.optimizer, rate)
        result = step(crops, seed=batch_seed(feed, epoch, number))
        watch.see(result.loss, epoch, number, rate, feed.names(crops))
        if result.hardness is not None:
            feed.note(crops, result.hardness)
        total += result.loss
        pictures += crops.whole
    watch.end()
    watch.weights(state.network, epoch)
    if result.hardness is not None:
        feed.end_epoch()
        state.hardness = feed.hardness.copy()
    return EpochResult(total.item() / len(feed), rate, pictures)


def batch_seed(feed: TrainLoader, epoch: int, number: int) -> int:
    """The seed of what is random inside the network in a batch, such as dropout; each process has its own."""
    place = [feed.seed, epoch, number, feed.accelerator.process_index]
    return int(np.random.SeedSequence(place).generate_state(1)[0])
