"""Checks that batches are large enough for the network and the processes, before a training begins."""

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from severstal.errors import SeverstalError
from severstal.recipe import Recipe
from severstal.training.phases import Phase, Plan
from severstal.training.state import TrainingState

_NO_VARIANCE = "Expected more than 1 value per channel"  # torch's error for one 1 x 1 feature


def check_batch_sizes(
    plan: Plan,
    recipe: Recipe,
    image_shape: tuple[int, int],
    state: TrainingState,
    accelerator: Accelerator,
    channels: int = 1,
) -> None:
    """Refuse batches that are too small in a phase to come; training would otherwise fail hours later.

    Args:
        plan: plan of the training.
        recipe: recipe of the training.
        image_shape: height and width of the pictures, the greatest where they differ.
        state: state of the training; its history says which epochs are done.
        accelerator: device and processes.
        channels: channels of the pictures.

    Raises:
        SeverstalError: a process would get no crop of a batch, or the recipe splits batches into
            micro-batches of one crop, on which the network cannot be trained.
    """
    processes = accelerator.num_processes
    coming = [plan.phase(epoch) for epoch in range(len(state.history), recipe.training.epochs)]
    for phase in (phase for phase in plan.phases if phase in coming):
        name = _batch_size_name(phase, recipe)
        check_batch_size(phase.batch_size, plan.images, processes, name)
        fewest = min(phase.batch_size, plan.images) // processes  # crops per process
        crop = image_shape if recipe.training.overfit_images else map(min, phase.crop, image_shape)
        size = [-(-side // recipe.data.scale) for side in crop]
        blank = torch.zeros(1, channels, *size, device=accelerator.device)
        if 1 <= fewest <= state.micro_batches.asked and not supports_batch_size_one(
            state.network, blank, accelerator
        ):
            raise micro_batch_of_one_error(state.network, name)


def check_batch_size(batch_size: int, images: int, processes: int, name: str = "training.batch_size") -> None:
    """Refuse a batch size at which a process would get no crop.

    Args:
        batch_size: crops in a batch.
        images: pictures in an epoch.
        processes: number of processes that share the batch.
        name: the batch size's key in the recipe.

    Raises:
        SeverstalError: there are more processes than crops.

    Example:
        >>> check_batch_size(8, 3, processes=4)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: an epoch has 3 pictures for 4 processes: set ...
    """
    if batch_size < processes:
        raise SeverstalError(f"{name} is {batch_size}: give {processes} or more, one for each process")
    if images < processes:
        raise SeverstalError(
            f"an epoch has {images} pictures for {processes} processes: set training.epoch_images to "
            f"{processes} or more, or train with fewer processes"
        )


def supports_batch_size_one(network: nn.Module, picture: Tensor, accelerator: Accelerator) -> bool:
    """Return whether a network can be trained on a batch of one picture.

    Batch normalisation does not support it where a feature map is 1 x 1: a single value has no variance. It
    is tried, since it depends on the network, its encoder, its options and the crop. Running statistics are
    restored afterwards; random numbers are consumed.

    Args:
        network: network, not compiled: it would be compiled for one picture, and raise other errors.
        picture: (1, channels, H, W) on the network's device.
        accelerator: precision.
    """
    network.train()
    kept = [buffer.clone() for buffer in network.buffers()]
    try:
        with torch.no_grad(), accelerator.autocast():
            network(picture)
    except torch.cuda.OutOfMemoryError:
        pass  # then training does not fit either, and reports it
    except ValueError as error:
        if not str(error).startswith(_NO_VARIANCE):
            raise
        return False
    finally:
        for buffer, values in zip(network.buffers(), kept, strict=True):
            buffer.copy_(values)
    return True


def micro_batch_of_one_error(network: nn.Module, batch_size: str = "training.batch_size") -> SeverstalError:
    """Return the error for batches that are split into micro-batches of one crop.

    Args:
        network: network that cannot be trained on one crop.
        batch_size: the batch size's key in the recipe.
    """
    kind = type(getattr(network, "body", network)).__name__
    return SeverstalError(
        f"{batch_size} / training.accumulate leaves micro-batches of one picture, which the batch "
        f"normalisation of {kind} does not support: set them so that each has 2 or more"
    )


def _batch_size_name(phase: Phase, recipe: Recipe) -> str:
    """The recipe's key of a phase's batch size."""
    if phase.batch_size == recipe.training.batch_size:
        return "training.batch_size"
    sizes = [settings.batch_size for settings in recipe.phases]
    return f"phases[{sizes.index(phase.batch_size)}].batch_size"
