"""Pictures a second of the training loop: end to end, on a batch that stays, and the usual loop.

    python benchmarks/loop.py
    python benchmarks/loop.py --encoder efficientnet-b3 --batch 24 --batches 40

End to end is `train_epoch`, which `fit` calls: loader, step, learning rates, the check of the loss. The batch
that stays is one of the same loader, given to the same step again and again. The usual loop is fp32 with Adam
over the plain dataset of the public kernels (see `loader.py`) with two workers, same network, same loss.
All three take turns, several runs each. On a GPU the network is FPN with EfficientNet-b3 on 24 crops of 256
x 512; on a CPU it has a small encoder and a small batch, and the figures of a GPU are missing.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from loader import KernelDataset
from torch.utils.data import DataLoader

from severstal.competition.folder import open_input
from severstal.competition.masks import Masks
from severstal.competition.tables import read_labels
from severstal.data.build import open_pictures
from severstal.device import make_accelerator
from severstal.losses.registry import build_loss
from severstal.memory import MicroBatches
from severstal.models.from_recipe import new_network
from severstal.recipe import AugmentSettings, ModelSettings, Recipe, TrainingSettings
from severstal.synthetic import draw_sample
from severstal.training.epoch import train_epoch
from severstal.training.loader import FoldData, TrainLoader
from severstal.training.non_finite import NonFiniteGuard
from severstal.training.optimizer import build_optimizer
from severstal.training.phases import Plan
from severstal.training.placement import place_network
from severstal.training.state import TrainingState
from severstal.training.step import TrainStep

RUNS = 5


def ours(recipe: Recipe, fold: FoldData, folder: Path) -> tuple[Callable[[], object], Callable[[], object]]:
    """An epoch of ours end to end, and as many steps on a batch that stays on the device."""
    accelerator = make_accelerator(recipe.training.precision)
    network = place_network(new_network(recipe, fold.spec), recipe.training, accelerator)
    parts = MicroBatches(recipe.training.accumulate, accelerator.num_processes)
    state = TrainingState(network, build_optimizer(network, recipe.training), parts)
    if accelerator.scaler is not None:
        state.scaler = accelerator.scaler
    plan = Plan(recipe, recipe.training.epoch_images)
    loader = TrainLoader(fold, recipe, plan.phase(0), 0, accelerator)
    loss = build_loss(recipe.loss.masks, recipe.loss.classes).to(accelerator.device)
    step = TrainStep(state, network, loss, accelerator)
    guard = NonFiniteGuard(folder, accelerator)
    crops = next(iter(loader.batches(0)))

    def stays() -> None:
        network.train()
        for number in range(len(loader)):
            step(crops, seed=number)

    return lambda: train_epoch(state, step, loader, plan, guard, "epoch"), stays


def usual(recipe: Recipe, fold: FoldData, root: Path) -> Callable[[], object]:
    """An epoch of the usual loop."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data, training = open_input(root), recipe.training
    dataset = KernelDataset(
        data.train_images, data.train_csv, fold.train, recipe.augment, len(fold.spec.classes)
    )
    loader = DataLoader(
        dataset,
        training.batch_size,
        shuffle=True,
        num_workers=2,
        pin_memory=device.type == "cuda",
        drop_last=True,
        persistent_workers=True,
    )
    network = new_network(recipe, fold.spec).to(device).train()
    loss = build_loss(recipe.loss.masks, recipe.loss.classes).to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-4)

    def epoch() -> None:
        left = training.epoch_images // training.batch_size
        while left:
            for pictures, masks in loader:
                optimizer.zero_grad()
                value = loss(network(pictures[:, :1].to(device)), masks.to(device))
                value.backward()
                optimizer.step()
                value.item()
                left -= 1
                if not left:
                    break

    return epoch


def measure(
    encoder: str, batch: int, batches: int, images: int, crop: tuple[int, int] = (256, 512), runs: int = RUNS
) -> dict[str, float]:
    """Pictures a second of each loop: the median of several runs, in which all take turns."""
    pictures = batch * batches
    recipe = Recipe(
        model=ModelSettings(architecture="fpn", encoder_name=encoder, encoder_weights="none"),
        augment=AugmentSettings(crop=crop),
        training=TrainingSettings(batch_size=batch, epoch_images=pictures),
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "sample"
        draw_sample(root, images, 8)
        data = open_input(root)
        names = data.train_names()
        store = open_pictures(data.train_images, names, data.spec, Path(folder) / "cache")
        masks = Masks(read_labels(data.train_csv, data.spec, names), data.spec)
        fold = FoldData(store, masks, data.spec, names, [])
        whole, stays = ours(recipe, fold, Path(folder))
        loops = {
            "batch that stays": stays,
            "end to end": whole,
            "usual loop, fp32": usual(recipe, fold, root),
        }
        seconds: dict[str, list[float]] = {name: [] for name in loops}
        for run in range(runs + 1):
            for name, loop in loops.items():
                started = time.perf_counter()
                loop()
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                if run:  # the first starts workers and chooses kernels
                    seconds[name].append(time.perf_counter() - started)
    return {name: pictures / statistics.median(values) for name, values in seconds.items()}


def main() -> None:
    """Print one line a loop."""
    gpu = torch.cuda.is_available()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="efficientnet-b3" if gpu else "tu-mobilenetv3_small_050")
    parser.add_argument("--batch", type=int, default=24 if gpu else 4)
    parser.add_argument("--batches", type=int, default=40 if gpu else 6)
    parser.add_argument("--images", type=int, default=240)
    arguments = parser.parse_args()
    rates = measure(arguments.encoder, arguments.batch, arguments.batches, arguments.images)
    where = torch.cuda.get_device_name() if gpu else f"{torch.get_num_threads()} CPU threads"
    print(f"fpn, {arguments.encoder}, {arguments.batch} crops on {where}, median of {RUNS} runs")
    for name, rate in rates.items():
        print(f"{name:18} {rate:9.1f} pictures per second")
    end_to_end = rates["end to end"]
    print(f"end to end is {end_to_end / rates['batch that stays']:.0%} of a batch that stays")
    print(f"and {end_to_end / rates['usual loop, fp32']:.2f} times the usual loop")
    if not gpu:
        print("missing: both figures on a GPU, with EfficientNet-b3; none is at hand")


if __name__ == "__main__":
    main()
