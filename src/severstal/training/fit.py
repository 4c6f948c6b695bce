"""Training of one fold: from pictures to weights, epoch by epoch, going on where it was broken off."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch.utils.data import DataLoader

from severstal.competition.masks import Masks
from severstal.competition.spec import Spec
from severstal.data.augment import Augment
from severstal.data.dataset import CropDataset, EpochSampler
from severstal.data.images import Pictures
from severstal.errors import SeverstalError
from severstal.files import write_text
from severstal.losses.registry import build_loss
from severstal.progress import progress
from severstal.recipe import Recipe
from severstal.training.checkpoint import load_state, read_facts, save_state, save_weights
from severstal.training.device import choose_workers, make_accelerator
from severstal.training.history import History
from severstal.training.network import new_network
from severstal.training.schedule import learning_rate_factor
from severstal.training.validate import validate


@dataclass(frozen=True)
class FoldData:
    """What one fold is trained and validated on.

    Attributes:
        store: of all the pictures.
        masks: of all the pictures.
        spec: of the data set.
        train: names to train on.
        held_out: names to validate on.
    """

    store: Pictures
    masks: Masks
    spec: Spec
    train: Sequence[str]
    held_out: Sequence[str]


def fit(data: FoldData, recipe: Recipe, fold: int, folder: str | Path, key: str) -> History:
    """Train one fold.

    After every epoch the state goes to `folder/state.safetensors`, and the same call goes on from there. On a
    CPU it ends with the same weights, bit for bit, as a training that was never broken off.

    Args:
        data: pictures, masks and names.
        recipe: the settings.
        fold: its number; each fold has seeds of its own.
        folder: gets `model.safetensors` (the best epoch by score, then by Dice on defects),
            `last.safetensors` and `history.jsonl`.
        key: checksum of all that the result depends on; a state of another key is not gone on from.

    Returns:
        The history.

    Raises:
        SeverstalError: the loss is not a number, or the disk is full; the last state stays.
    """
    folder = Path(folder)
    accelerator = make_accelerator(recipe.training.precision)
    set_seed(recipe.seed * 1000 + fold)
    loss_function = build_loss(recipe.loss.masks, recipe.loss.classes)
    network = new_network(recipe, data.spec)
    network.to(memory_format=torch.channels_last)  # convolutions are faster so, on GPUs and CPUs alike
    optimizer = torch.optim.AdamW(
        network.parameters(), recipe.training.learning_rate, weight_decay=recipe.training.weight_decay
    )
    loader, sampler = _loader(data, recipe, fold, accelerator)
    network, optimizer, loader = accelerator.prepare(network, optimizer, loader)

    state, history = folder / "state.safetensors", History()
    if _is_of(state, key):
        facts = load_state(state, accelerator.unwrap_model(network), optimizer)
        history = History(facts["history"])
        if accelerator.scaler is not None and facts["scaler"]:
            accelerator.scaler.load_state_dict(facts["scaler"])  # fp16 goes on at the scale it had found

    steps = recipe.training.epochs * len(loader)
    for epoch in range(len(history), recipe.training.epochs):
        set_seed((recipe.seed * 1000 + fold) * 10_000 + epoch)  # dropout: the same after a break
        sampler.epoch = epoch
        network.train()
        history.start_epoch()
        total = torch.zeros((), device=accelerator.device)
        label = f"fold {fold} epoch {epoch + 1}/{recipe.training.epochs}"
        batches = progress(loader, label, unit="batch") if accelerator.is_main_process else loader
        for number, (pictures, masks) in enumerate(batches):
            factor = learning_rate_factor(epoch * len(loader) + number, steps, recipe.training.warmup)
            for group in optimizer.param_groups:
                group["lr"] = recipe.training.learning_rate * factor
            with accelerator.autocast():
                loss = loss_function(network(pictures.contiguous(memory_format=torch.channels_last)), masks)
            optimizer.zero_grad()
            accelerator.backward(loss)
            optimizer.step()
            total += loss.detach()
        mean_loss = (accelerator.reduce(total, "mean") / len(loader)).item()
        if not math.isfinite(mean_loss):
            raise SeverstalError(
                f"{folder}: the loss of epoch {epoch + 1} is {mean_loss}: lower training.learning_rate"
            )
        score = validate(network, data.store, data.masks, data.held_out, data.spec, recipe, accelerator)
        history.end_epoch(mean_loss, recipe.training.learning_rate * factor, score)
        if accelerator.is_main_process:
            bare = accelerator.unwrap_model(network)
            if history.last_is_best():
                save_weights(bare, folder / "model.safetensors")
            scaler = accelerator.scaler.state_dict() if accelerator.scaler is not None else None
            save_state(state, bare, optimizer, {"key": key, "history": history.epochs, "scaler": scaler})
            print(f"fold {fold} {history.line(recipe.training.epochs)}", flush=True)
        accelerator.wait_for_everyone()

    if accelerator.is_main_process:
        save_weights(accelerator.unwrap_model(network), folder / "last.safetensors")
        write_text(folder / "history.jsonl", history.to_lines())
    return history


def _is_of(state: Path, key: str) -> bool:
    """Whether there is a state to go on from; a damaged one is as good as none."""
    if not state.is_file():
        return False
    try:
        return read_facts(state).get("key") == key
    except (SeverstalError, KeyError) as error:
        print(f"starting afresh: {error}", flush=True)
        return False


def _loader(
    data: FoldData, recipe: Recipe, fold: int, accelerator: Accelerator
) -> tuple[DataLoader, EpochSampler]:
    overfit = recipe.training.overfit_images
    augment = None if overfit else Augment(recipe.augment, data.spec.image_shape)
    seed = recipe.seed * 1000 + fold
    dataset = CropDataset(
        data.store, data.masks, data.train, recipe.data, len(data.spec.classes), augment, seed
    )
    sampler = EpochSampler(recipe.training.epoch_images or len(data.train))
    size = max(1, recipe.training.batch_size // accelerator.num_processes)
    workers = choose_workers(recipe.training.workers)
    loader = DataLoader(
        dataset,
        size,
        sampler=sampler,
        drop_last=len(sampler) >= size,  # batch normalisation cannot work on a last batch of one
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=accelerator.device.type == "cuda",
    )
    return loader, sampler
