"""Training of one fold: from pictures to weights, epoch by epoch, going on where it was broken off."""

import logging
from pathlib import Path

from accelerate import Accelerator
from accelerate.utils import set_seed
from torch.amp import GradScaler

from severstal.data.class_weights import rarity_weights
from severstal.device import make_accelerator
from severstal.errors import SeverstalError
from severstal.files import write_text
from severstal.losses.registry import TrainingLoss, build_loss
from severstal.memory import MicroBatches
from severstal.models.from_recipe import new_network
from severstal.recipe import Recipe, TrainingSettings
from severstal.training.averaging import WeightAverage
from severstal.training.batch_sizes import check_batch_sizes
from severstal.training.best_epochs import BestEpochs
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


def fit(data: FoldData, recipe: Recipe, fold: int, folder: str | Path, key: str) -> History:
    """Train one fold, on one device or with the other processes that torchrun or accelerate started.

    After every epoch the state goes to `folder/state.safetensors`, and the same call goes on from there. On a
    CPU it ends with the same weights, bit for bit, as a training that was never broken off.

    Args:
        data: pictures, masks and names.
        recipe: the settings.
        fold: its number; each fold has seeds of its own.
        folder: gets `model.safetensors` (the best epoch by score, then by Dice on defects),
            `last.safetensors`, `history.jsonl` and, where the recipe asks, `swa.safetensors` and
            `soup.safetensors`; the files of several processes on several machines lie in a shared folder.
        key: checksum of all that the result depends on; a state of another key is not gone on from, nor one
            that has lost the weights of its best epochs.

    Returns:
        The history.

    Raises:
        SeverstalError: before the training, a phase never begins, has too small batches or a faulty loss; in
            it, the loss or a weight is not a number, the device's memory is too small for a single crop, or
            the disk is full, and the last state stays.
    """
    folder, settings, seed = Path(folder), recipe.training, recipe.seed * 1000 + fold
    accelerator = make_accelerator(settings.precision)
    set_seed(seed)
    plan = Plan(recipe, settings.epoch_images or len(data.train))
    plan.require_all()
    losses = [_loss(data, recipe, phase) for phase in plan.phases]  # a faulty one is told before all else
    state = _new_state(data, recipe, accelerator)
    network = state.network
    best = BestEpochs(folder, max(1, settings.soup))
    goes_on = state.restore(folder / "state.safetensors", key, best.paths)
    if not _is_done(state.history, settings):
        check_batch_sizes(plan, recipe, data.spec.image_shape, state, accelerator)
    if accelerator.is_main_process:
        if goes_on:
            _log_micro_batches(state, settings, fold)
        else:
            best.clear()
    model = compile_network(network) if settings.compile else network
    watch = NonFiniteGuard(folder, accelerator)
    board = None
    if settings.tensorboard and accelerator.is_main_process:
        board = TensorBoardWriter(folder / "tensorboard", len(state.history))
    phase = None

    while not _is_done(state.history, settings):
        epoch = len(state.history)
        if plan.phase(epoch) != phase:
            phase = plan.phase(epoch)
            freeze_encoder(state.optimizer, phase.frozen_encoder)
            feed = TrainLoader(data, recipe, phase, seed, accelerator, state.hardness)
            loss = losses[plan.phases.index(phase)].to(accelerator.device)
            step = TrainStep(
                state, model, loss, accelerator, settings.clip, hardness=recipe.sampling.hard_negatives > 0
            )
        state.history.start_epoch()
        label = f"fold {fold} epoch {epoch + 1}/{settings.epochs}"
        result = train_epoch(state, step, feed, plan, watch, label)
        if state.swa is not None and plan.is_averaged(epoch):
            state.swa.update(network)
        with state.averaged():
            seen = validate(network, data.store, data.masks, data.held_out, data.spec, recipe, accelerator)
            state.history.end_epoch(result.loss, result.learning_rate, seen.score, result.pictures)
            state.history.epochs[-1]["accumulate"] = state.micro_batches.count
            if accelerator.is_main_process:
                best.keep(network, state.history.epochs)
            if board is not None:
                board.epoch(state.history.epochs[-1], epoch + 1)
                show_worst(board, network, seen, data, recipe, accelerator, epoch + 1)
        if accelerator.is_main_process:
            state.save(folder / "state.safetensors", key)
            best.publish(state.history.epochs)
            write_text(folder / "history.jsonl", state.history.to_lines())
            logger.info("fold %d %s", fold, state.history.line(settings.epochs))
        accelerator.wait_for_everyone()

    if board is not None:
        board.close()
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
    """Say where a training keeps to another number of micro-batches than the recipe asks for."""
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
    classes, counts = len(data.spec.classes), recipe.loss.positive_weights
    if len(counts) not in (0, 1, classes):  # only some losses look at them, maybe those of a late phase
        raise SeverstalError(
            f"loss.positive_weights has {len(counts)} numbers for {classes} classes: give one for each, or "
            "one for all"
        )
    weights = None
    if phase.class_weights != "none":
        weights = rarity_weights(data.masks, data.train, data.spec, phase.class_weights)
    return build_loss(
        phase.masks,
        recipe.loss.classes,
        positive_weights=recipe.loss.positive_weights,
        class_weights=weights,
        label_smoothing=recipe.loss.label_smoothing,
        edge_smoothing=recipe.loss.edge_smoothing,
        deep_supervision=recipe.loss.deep_supervision,
    )
