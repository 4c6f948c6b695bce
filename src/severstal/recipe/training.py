"""Settings of the training of a fold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from severstal.settings import renamed, within


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the training of a fold.

    Attributes:
        epochs: number of epochs; each ends with a validation on the held-out images.
        epoch_images: training crops in an epoch; 0 is one per training image.
        batch_size: crops per optimizer step, over all devices and micro-batches.
        accumulate: micro-batches per optimizer step (gradient accumulation).
        clip: largest norm of the gradients, which are clipped to it; 0 is off.
        optimizer: name of the optimizer.
        learning_rate: learning rate at the end of the warm-up.
        encoder_lr_factor: the encoder's learning rate as a multiple of `learning_rate`.
        weight_decay: weight decay of the optimizer.
        warmup: share of all steps in which the learning rate rises linearly.
        flat: share of all steps, after the warm-up, with a constant learning rate; a cosine decay to 0
            follows.
        precision: precision of the arithmetic; "auto" is bf16 or fp16 mixed precision where a GPU supports
            it, fp32 on a CPU.
        channels_last: tensors use the channels-last memory format, faster on most machines.
        compile: the network is compiled by torch.compile.
        checkpoint_activations: activation checkpointing of the encoder: less memory, more computation.
        ema: decay of the exponential moving average of the weights, as 0.999; validation and inference then
            use the average. 0 is off.
        swa: stochastic weight averaging (Izmailov et al. 2018) over the epochs in this last share of the
            training: `swa.safetensors`. 0 is off.
        soup: number of best epochs whose weights are averaged (12th place): `soup.safetensors`. 0 is off.
        early_stopping: patience in epochs: a fold ends after this many without an improvement; 0 is off.
            Ignored in a round whose network gives pseudo-labels: the held-out images would choose the weights
            that label.
        workers: processes that prepare crops; -1 is up to 8 beside a GPU and none on a CPU.
        tensorboard: also writes `tensorboard/` with curves and the worst held-out pictures.
        overfit_images: train and validate on this many images with a defect, without augmentation; 0 is off.
    """

    epochs: int = within(40, 1, 10_000)
    epoch_images: int = within(0, 0, 10**9)
    batch_size: int = within(24, 1, 4096)
    accumulate: int = within(1, 1, 1024)
    clip: float = within(0.0, 0.0, 1e6)
    optimizer: Literal["adamw", "adam", "radam", "sgd"] = "adamw"
    learning_rate: float = within(5e-4, 1e-8, 10.0)
    encoder_lr_factor: float = renamed(within(1.0, 0.0, 10.0), "encoder_factor")
    weight_decay: float = within(1e-2, 0.0, 10.0)
    warmup: float = within(0.05, 0.0, 0.9)
    flat: float = within(0.0, 0.0, 1.0)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    channels_last: bool = True
    compile: bool = False
    checkpoint_activations: bool = False
    ema: float = within(0.0, 0.0, 0.999999)
    swa: float = within(0.0, 0.0, 1.0)
    soup: int = renamed(within(0, 0, 100), "keep_best")
    early_stopping: int = within(0, 0, 10_000)
    workers: int = within(-1, -1, 256)
    tensorboard: bool = False
    overfit_images: int = within(0, 0, 1024)


@dataclass(frozen=True)
class PhaseSettings:
    """Settings that hold from some epoch on, until the next phase; all others stay as in the recipe.

    Growing crops, a frozen encoder at first, BCE first and Lovász last, class weights in a second stage: all
    are phases.

    Attributes:
        start: share of the epochs after which the phase begins; 0 is the first epoch.
        crop: height and width of a crop, as in `augment`.
        batch_size: crops per optimizer step, as in `training`.
        learning_rate: learning rate at the end of the warm-up, as in `training`; the schedule scales this
            value instead.
        frozen_encoder: the encoder's weights are not trained; its batch normalisation still updates its
            running statistics.
        masks: weight of each mask loss, as in `loss`.
        class_weights: weighting of the classes, as in `loss`.
    """

    start: float = within(0.0, 0.0, 1.0)
    crop: tuple[int, int] | None = within(None, 32, 100_000)
    batch_size: int | None = within(None, 1, 4096)
    learning_rate: float | None = within(None, 1e-8, 10.0)
    frozen_encoder: bool = False
    masks: Mapping[str, float] | None = None
    class_weights: Literal["none", "balanced", "proportional"] | None = None
