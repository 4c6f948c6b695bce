"""Which batches a network can learn from, told before a training begins."""

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from severstal.errors import SeverstalError
from severstal.recipe import Recipe
from severstal.training.phases import Phase, Plan
from severstal.training.state import TrainingState

_NO_VARIANCE = "Expected more than 1 value per channel"  # what torch says of one picture of 1 x 1


def check_batch_sizes(
    plan: Plan, recipe: Recipe, image_shape: tuple[int, int], state: TrainingState, accelerator: Accelerator
) -> None:
    """Refuse too small batches of any phase to come, which else are met hours later, where it begins.

    Args:
        plan: of the training.
        recipe: the settings.
        image_shape: height and width of the pictures.
        state: with the epochs that are done.
        accelerator: device and processes.

    Raises:
        SeverstalError: a process would get no crop of a batch, or the recipe cuts batches into single crops
            for a network that cannot learn from one.
    """
    processes = accelerator.num_processes
    coming = [plan.phase(epoch) for epoch in range(len(state.history), recipe.training.epochs)]
    for phase in (phase for phase in plan.phases if phase in coming):
        name = _batch_size_name(phase, recipe)
        check_batch_size(phase.batch_size, plan.images, processes, name)
        fewest = min(phase.batch_size, plan.images) // processes  # crops of a process
        crop = image_shape if recipe.training.overfit_images else map(min, phase.crop, image_shape)
        size = [-(-side // recipe.data.scale) for side in crop]
        blank = torch.zeros(1, 1, *size, device=accelerator.device)
        if 1 <= fewest <= state.micro_batches.asked and not supports_batch_size_one(
            state.network, blank, accelerator
        ):
            raise micro_batch_of_one_error(state.network, name)


def check_batch_size(batch_size: int, images: int, processes: int, name: str = "training.batch_size") -> None:
    """Refuse batches in which a process would get no crop.

    Args:
        batch_size: crops in a batch.
        images: pictures in an epoch.
        processes: that share the batch.
        name: where the batch size stands in the recipe.

    Raises:
        SeverstalError: there are more processes than that.

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
    """Whether a network learns from one picture alone, which has no variance where a feature is 1 x 1.

    Tried, since it depends on the network, its encoder, its options and the crop. Its running means come out
    as they went in; random numbers are drawn.

    Args:
        network: not compiled, since it would be compiled for one picture and raise errors of its own.
        picture: (1, channels, H, W) on the network's device.
        accelerator: precision.
    """
    network.train()
    kept = [buffer.clone() for buffer in network.buffers()]
    try:
        with torch.no_grad(), accelerator.autocast():
            network(picture)
    except torch.cuda.OutOfMemoryError:
        pass  # then training on it does not fit either, and says so
    except ValueError as error:
        if not str(error).startswith(_NO_VARIANCE):
            raise
        return False
    finally:
        for buffer, values in zip(network.buffers(), kept, strict=True):
            buffer.copy_(values)
    return True


def micro_batch_of_one_error(network: nn.Module, batch_size: str = "training.batch_size") -> SeverstalError:
    """The error for batches that are cut into single crops.

    Args:
        network: which cannot learn from one.
        batch_size: where it stands in the recipe.
    """
    kind = type(getattr(network, "body", network)).__name__
    return SeverstalError(
        f"{batch_size} / accumulate leaves parts of one picture, which the batch normalisation of {kind} "
        "cannot take: give parts of 2 or more"
    )


def _batch_size_name(phase: Phase, recipe: Recipe) -> str:
    """Where in the recipe a phase's batch size stands."""
    if phase.batch_size == recipe.training.batch_size:
        return "training.batch_size"
    sizes = [settings.batch_size for settings in recipe.phases]
    return f"phases[{sizes.index(phase.batch_size)}].batch_size"
