"""Training of one fold: from pictures to weights, epoch by epoch, resumed where it was interrupted."""

import logging
from pathlib import Path

from accelerate import Accelerator
from accelerate.utils import broadcast_object_list, set_seed
from torch.amp import GradScaler

from severstal.data.class_weights import rarity_weights
from severstal.device import make_accelerator
from severstal.files import write_text
from severstal.losses.from_recipe import loss_of
from severstal.losses.registry import TrainingLoss
from severstal.memory import MicroBatches
from severstal.models.from_recipe import new_network
from severstal.recipe import Recipe, TrainingSettings
from severstal.training.averaging import WeightAverage
from severstal.training.batch_sizes import check_batch_sizes
from severstal.training.best_epochs import BestEpochs
from severstal.training.cpu_threads import limited_threads
from severstal.training.deadline import Deadline, deadline_reached
from severstal.training.epoch import train_epoch
from severstal.training.final_weights import write_final_weights
from severstal.training.history import History
from severstal.training.loader import FoldData, TrainLoader
from severstal.training.non_finite import NonFiniteGuard
from severstal.training.optimizer import build_optimizer, freeze_encoder
from severstal.training.phases import Phase, Plan
from severstal.training.placement import compile_network, place_network
from severstal.training.state import TrainingState
from severstal.training.step import TrainStep
from severstal.training.tensorboard import TensorBoardWriter, show_worst
from severstal.training.validate import validate

logger = logging.getLogger("severstal")


def fit(
    data: FoldData,
    recipe: Recipe,
    fold: int,
    folder: str | Path,
    key: str,
    deadline: Deadline | None = None,
) -> History:
    """Train one fold, on one device or together with the processes that torchrun or accelerate started.

    After every epoch the state is written to `folder/state.safetensors`, from which the same call resumes. On
    a CPU a resumed training ends with the same weights, bit for bit, as one that was never interrupted.

    Args:
        data: pictures, masks and names.
        recipe: the settings.
        fold: number of the fold, from 0; each fold has its own seeds.
        folder: folder of the fold; receives `model.safetensors` (the best epoch by score, then by Dice on
            defects), `last.safetensors`, `history.jsonl` and, where the recipe asks, `swa.safetensors` and
            `soup.safetensors`. With processes on several machines it has to be a shared folder.
        key: checksum of everything that the result depends on; a state with another key is ignored, and so is
            one whose weights of the best epochs are missing.
        deadline: time by which the last epoch has to have ended; None trains to the end.

    Returns:
        The history.

    Raises:
        SeverstalError: before training, a phase never begins, has too small batches or an invalid loss;
            during training, the loss or a weight is not finite, the device's memory is too small for a single
            crop, or the disk is full, and the last state is kept. `DeadlineReached`: another epoch would
            end after the deadline.
    """
    folder, settings, seed = Path(folder), recipe.training, recipe.seed * 1000 + fold
    accelerator = make_accelerator(settings.precision)
    set_seed(seed)
    plan = Plan(recipe, settings.epoch_images or len(data.train))
    plan.check_phases()
    losses = [_loss(data, recipe, phase) for phase in plan.phases]  # so that an invalid one fails at once
    state = _new_state(data, recipe, accelerator)
    network = state.network
    best = BestEpochs(folder, max(1, settings.soup))
    resumed = state.restore(folder / "state.safetensors", key, best.paths)
    if not _is_done(state.history, settings):
        check_batch_sizes(plan, recipe, data.largest_shape, state, accelerator, data.spec.channels)
    if accelerator.is_main_process:
        if resumed:
            _log_micro_batches(state, settings, fold)
        else:
            best.clear()
    model = compile_network(network) if settings.compile else network
    guard = NonFiniteGuard(folder, accelerator)
    writer = None
    if settings.tensorboard and accelerator.is_main_process:
        writer = TensorBoardWriter(folder / "tensorboard", len(state.history))
    phase = None

    with limited_threads(state, accelerator):
        while not _is_done(state.history, settings):
            epoch = len(state.history)
            if deadline is not None and not broadcast_object_list([deadline.allows_epoch()])[0]:
                raise deadline_reached(fold, epoch, settings.epochs)
            if plan.phase(epoch) != phase:
                phase = plan.phase(epoch)
                freeze_encoder(state.optimizer, phase.frozen_encoder)
                loader = TrainLoader(data, recipe, phase, seed, accelerator, state.hardness)
                loss = losses[plan.phases.index(phase)].to(accelerator.device)
                mining = recipe.sampling.hard_negatives > 0
                step = TrainStep(
                    state, model, loss, accelerator, settings.clip, mining, recipe.distill.weight
                )
            state.history.start_epoch()
            label = f"fold {fold} epoch {epoch + 1}/{settings.epochs}"
            result = train_epoch(state, step, loader, plan, guard, label)
            if state.swa is not None and plan.is_averaged(epoch):
                state.swa.update(network)
            with state.averaged():
                seen = validate(
                    network, data.store, data.masks, data.held_out, data.spec, recipe, accelerator
                )
                state.history.end_epoch(result.loss, result.learning_rate, seen.score, result.pictures)
                state.history.epochs[-1]["accumulate"] = state.micro_batches.count
                if accelerator.is_main_process:
                    best.keep(network, state.history.epochs)
                if writer is not None:
                    writer.add_epoch(state.history.epochs[-1], epoch + 1)
                    show_worst(writer, network, seen, data, recipe, accelerator, epoch + 1)
            if accelerator.is_main_process:
                state.save(folder / "state.safetensors", key)
                best.publish(state.history.epochs)
                write_text(folder / "history.jsonl", state.history.to_lines())
                logger.info("fold %d %s", fold, state.history.line(settings.epochs))
            accelerator.wait_for_everyone()
            if deadline is not None:
                deadline.slowest = max(deadline.slowest, state.history.epochs[-1]["seconds"])

        if writer is not None:
            writer.close()
        write_final_weights(state, best, data, recipe, folder, seed, accelerator)
    return state.history


def _new_state(data: FoldData, recipe: Recipe, accelerator: Accelerator) -> TrainingState:
    settings = recipe.training
    network = place_network(new_network(recipe, data.spec), settings, accelerator)
    return TrainingState(
        network,
        build_optimizer(network, settings),
        MicroBatches(settings.accumulate, accelerator.num_processes),
        accelerator.scaler or GradScaler(enabled=False),
        WeightAverage(network, settings.ema) if settings.ema else None,
        WeightAverage(network, None) if settings.swa else None,
    )


def _log_micro_batches(state: TrainingState, settings: TrainingSettings, fold: int) -> None:
    """Log that a training keeps another number of micro-batches than the recipe asks for."""
    asked, verb = settings.accumulate, "goes on"
    count = state.micro_batches.count
    if _is_done(state.history, settings):
        count, verb = state.history.epochs[-1].get("accumulate", asked), "was trained"
    if count != asked:
        logger.info(
            "fold %d: %s with %d micro-batch%s per batch; training.accumulate = %d is ignored",
            fold,
            verb,
            count,
            "" if count == 1 else "es",
            asked,
        )


def _is_done(history: History, settings: TrainingSettings) -> bool:
    if settings.early_stopping and history.epochs and history.epochs_since_best() >= settings.early_stopping:
        return True
    return len(history) >= settings.epochs


def _loss(data: FoldData, recipe: Recipe, phase: Phase) -> TrainingLoss:
    weights = None
    if phase.class_weights != "none":
        weights = rarity_weights(data.masks, data.train, data.spec, phase.class_weights)
    return loss_of(recipe, len(data.spec.classes), phase.masks, weights)
