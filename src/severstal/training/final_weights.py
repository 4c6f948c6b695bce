"""The weights that a finished fold leaves: of its last epoch, and averages over epochs."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from severstal.files import write_text
from severstal.models.checkpoint import save_weights
from severstal.recipe import Recipe
from severstal.training.averaging import average_files, refresh_normalisation
from severstal.training.best_epochs import BestEpochs
from severstal.training.epoch import batch_seed
from severstal.training.loader import FoldData, TrainLoader
from severstal.training.phases import Plan
from severstal.training.state import TrainingState

_REFRESH_BATCHES = 200  # by then the running statistics have long converged


def write_final_weights(
    state: TrainingState,
    best: BestEpochs,
    data: FoldData,
    recipe: Recipe,
    folder: Path,
    seed: int,
    accelerator: Accelerator,
) -> None:
    """Write `last.safetensors`, where the recipe asks `swa` and `soup.safetensors`, and the whole history.

    Batch normalisation needs new running statistics for averaged weights (Izmailov 2018, section 3.2): crops
    as in the last epoch are passed through the network. The network ends with the weights written last.

    Args:
        state: state of the finished training.
        best: the weights of its best epochs.
        data: data of the fold.
        recipe: `training.swa` and `training.soup`.
        folder: folder of the fold.
        seed: random seed of the fold.
        accelerator: the processes, of which the main one writes the files.

    Raises:
        SeverstalError: the disk is full.
    """
    network, settings, main = state.network, recipe.training, accelerator.is_main_process
    epochs = state.history.epochs

    def crops() -> Iterator[Tensor]:
        plan = Plan(recipe, settings.epoch_images or len(data.train))
        phase = plan.phase(max(0, len(epochs) - 1))  # after early stopping a later phase never began
        loader = TrainLoader(data, recipe, phase, seed, accelerator, state.hardness)
        for number, batch in enumerate(islice(loader.batches(settings.epochs), _REFRESH_BATCHES)):
            torch.manual_seed(batch_seed(loader, settings.epochs, number))  # for dropout
            yield batch.pictures

    if main:
        with state.averaged():
            save_weights(network, folder / "last.safetensors")
    if state.swa is not None:
        if not state.swa.count:
            state.swa.update(network)  # stopped early, before averaging began
        with state.swa.applied(network):
            _refresh(network, crops(), accelerator)
            if main:
                save_weights(network, folder / "swa.safetensors")
    if settings.soup:
        network.load_state_dict(average_files(best.paths(epochs)))
        _refresh(network, crops(), accelerator)
        if main:
            save_weights(network, folder / "soup.safetensors")
    if main:
        write_text(folder / "history.jsonl", state.history.to_lines())
        best.publish(epochs)
    accelerator.wait_for_everyone()


def _refresh(network: nn.Module, pictures: Iterator[Tensor], accelerator: Accelerator) -> None:
    with accelerator.autocast():
        refresh_normalisation(network, pictures)
    if accelerator.num_processes > 1:
        for buffer in network.buffers():
            if buffer.is_floating_point():
                buffer.copy_(accelerator.reduce(buffer, "mean"))
