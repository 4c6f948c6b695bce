"""Steps per second of two processes on the CPU: DistributedDataParallel beside an exchange written by hand.

    python benchmarks/ddp.py
    python benchmarks/ddp.py --encoder tu-mobilenetv3_small_050 --steps 20 --repeats 7

By hand, gradients, losses and running statistics are copied into one tensor and added up after the last
micro-batch, as this project did before. Both are measured with the encoder free and frozen, with one and with
four micro-batches, and take turns in the same two processes, so that whatever else the machine does disturbs
both equally. Printed are the medians, and the median of the ratio over the turns.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from accelerate import Accelerator
from torch import Tensor

from severstal.device import make_accelerator
from severstal.losses.registry import build_loss
from severstal.memory import MicroBatches
from severstal.models.registry import build_model
from severstal.processes import distributed
from severstal.recipe import TrainingSettings
from severstal.training.loader import Crops
from severstal.training.optimizer import build_optimizer, freeze_encoder
from severstal.training.state import TrainingState
from severstal.training.step import TrainStep

BATCH, CROP, CLASSES = 4, (64, 128), 4  # crops of each process


class StepByHand(TrainStep):
    """The step with an exchange of its own."""

    def __init__(self, *arguments: object, **settings: object) -> None:
        super().__init__(*arguments, **settings)
        self._forward = self._forward.module  # without DistributedDataParallel

    def _exchange(self, loss: Tensor) -> Tensor:
        gradients = [weight.grad for weight in self._state.network.parameters() if weight.grad is not None]
        means = [buffer for buffer in self._buffers if buffer.is_floating_point()]
        processes = self._accelerator.num_processes
        scaled = [gradient / processes for gradient in gradients]
        pieces = [loss, *scaled, *(mean / processes for mean in means)]
        flat = self._accelerator.reduce(torch.cat([piece.flatten() for piece in pieces]), "sum")
        total, *summed = flat.split([piece.numel() for piece in pieces])
        for tensor, values in zip([*gradients, *means], summed, strict=True):
            tensor.copy_(values.view_as(tensor))
        return total[0]


def make(
    kind: type[TrainStep], encoder: str, frozen: bool, count: int, accelerator: Accelerator
) -> TrainStep:
    """A step of one kind, on a network of its own."""
    torch.manual_seed(0)
    network = build_model("fpn", encoder, classes=CLASSES).to(memory_format=torch.channels_last).train()
    optimizer = build_optimizer(network, TrainingSettings(optimizer="sgd"))
    freeze_encoder(optimizer, frozen)
    state = TrainingState(network, optimizer, MicroBatches(count, accelerator.num_processes))
    return kind(state, network, build_loss({"bce": 0.75, "dice": 0.25}), accelerator)


def seconds(step: Callable[..., object], crops: Crops, steps: int) -> float:
    """Return the seconds of a number of steps."""
    started = time.perf_counter()
    for number in range(steps):
        step(crops, seed=number)
    return time.perf_counter() - started


def measure(arguments: argparse.Namespace) -> None:
    """Print one line per case, in one of the processes."""
    accelerator = make_accelerator("fp32")
    generator = torch.Generator().manual_seed(accelerator.process_index)
    pictures = torch.randn(BATCH, 1, *CROP, generator=generator).contiguous(memory_format=torch.channels_last)
    masks = (torch.rand(BATCH, CLASSES, *CROP, generator=generator) > 0.9).float()
    numbers = torch.arange(BATCH)
    whole = BATCH * accelerator.num_processes
    crops = Crops(pictures, masks, masks.amax((2, 3)), numbers, numbers, whole)
    print(f"fpn, {arguments.encoder}, {accelerator.num_processes} processes, {whole} crops of {CROP}")
    for frozen in (False, True):
        for count in (1, 4):
            steps = [
                make(kind, arguments.encoder, frozen, count, accelerator) for kind in (TrainStep, StepByHand)
            ]
            taken: list[list[float]] = [[], []]
            for turn in range(arguments.repeats + 1):
                for each, step in zip(taken, steps, strict=True):
                    passed = seconds(step, crops, arguments.steps)
                    if turn:
                        each.append(passed)
            ddp, by_hand = (arguments.steps / statistics.median(each) for each in taken)
            ratio = statistics.median(hand / own for own, hand in zip(*taken, strict=True))
            weights = [list(step._state.network.parameters()) for step in steps]
            apart = max((a - b).abs().max().item() for a, b in zip(*weights, strict=True))
            print(
                f"encoder {'frozen' if frozen else 'free  '}, {count} micro-batches: DistributedDataParallel "
                f"{ddp:6.2f}, by hand {by_hand:6.2f} steps per second, ratio {ratio:.2f}; "
                f"weights differ by {apart:.0e}"
            )


def main() -> None:
    """Start the two processes, or measure in one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="tu-mobilenetv3_small_050")
    parser.add_argument("--steps", type=int, default=10, help="of each turn")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    if "LOCAL_RANK" in os.environ:
        with distributed():
            measure(arguments)
        return
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    sys.exit(subprocess.run([*launcher, __file__, *sys.argv[1:]], env=environment).returncode)


if __name__ == "__main__":
    main()
