"""How a fold of a recipe is trained, and what changes while it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from severstal.settings import within


@dataclass(frozen=True)
class TrainingSettings:
    """How a fold is trained.

    Attributes:
        epochs: each ends with a validation on the fold's own images.
        epoch_images: training crops in an epoch, drawn in rounds over the images; 0 is one round.
        batch_size: crops that a step of the optimizer sees, over all devices and accumulated parts.
        accumulate: a batch goes through the network in so many parts, whose gradients are added up.
        clip: the norm of the gradients is cut to this; 0 is off.
        optimizer: by name.
        learning_rate: at the end of the warm-up.
        encoder_factor: the encoder learns at the learning rate times this.
        weight_decay: of the optimizer.
        warmup: share of all steps in which the learning rate rises.
        flat: share of all steps, after the warm-up, in which it stays; then it falls as a cosine to 0.
        precision: of the arithmetic; "auto" takes bf16 or fp16 where a GPU has it, fp32 on a CPU.
        channels_last: pictures and weights lie in memory channel by channel within a pixel; faster on most
            machines.
        compile: the network is compiled by torch.compile.
        checkpoint_activations: the encoder's activations are computed twice, in place of being kept.
        ema: what the moving average of the weights keeps of itself at each step, as 0.999; validation and
            inference then use the average. 0 is off.
        swa: the weights of the epochs in the last part of a training, this share, are averaged (Izmailov
            2018): `swa.safetensors`. 0 is off.
        keep_best: the weights of so many best epochs are averaged (12th place): `soup.safetensors`. 0 is off.
        early_stopping: a fold ends after so many epochs without a better one; 0 is off. Not in a round whose
            network gives pseudo-labels: the held-out images would choose the weights that label.
        workers: processes that prepare crops; -1 takes up to 8 beside a GPU and none on a CPU.
        tensorboard: also writes `tensorboard/` with curves and the worst held-out pictures.
        overfit_images: train and validate on so many images with a defect and no augmentation; 0 is off.
    """

    epochs: int = within(40, 1, 10_000)
    epoch_images: int = within(0, 0, 10**9)
    batch_size: int = within(24, 1, 4096)
    accumulate: int = within(1, 1, 1024)
    clip: float = within(0.0, 0.0, 1e6)
    optimizer: Literal["adamw", "adam", "radam", "sgd"] = "adamw"
    learning_rate: float = within(5e-4, 1e-8, 10.0)
    encoder_factor: float = within(1.0, 0.0, 10.0)
    weight_decay: float = within(1e-2, 0.0, 10.0)
    warmup: float = within(0.05, 0.0, 0.9)
    flat: float = within(0.0, 0.0, 1.0)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    channels_last: bool = True
    compile: bool = False
    checkpoint_activations: bool = False
    ema: float = within(0.0, 0.0, 0.999999)
    swa: float = within(0.0, 0.0, 1.0)
    keep_best: int = within(0, 0, 100)
    early_stopping: int = within(0, 0, 10_000)
    workers: int = within(-1, -1, 256)
    tensorboard: bool = False
    overfit_images: int = within(0, 0, 1024)


@dataclass(frozen=True)
class PhaseSettings:
    """What is different from some epoch on, until the next phase; what a phase does not name is as ever.

    Growing crops, a frozen encoder at first, BCE first and Lovász last, class weights in a second stage: all
    are phases.

    Attributes:
        start: share of the epochs after which the phase begins; 0 is from the start.
        crop: as in `augment`.
        batch_size: as in `training`.
        learning_rate: as in `training`: the schedule's share of this one.
        frozen_encoder: the encoder's weights stay as they are; its normalisation goes on.
        masks: as in `loss`.
        class_weights: as in `loss`.
    """

    start: float = within(0.0, 0.0, 1.0)
    crop: tuple[int, int] | None = within(None, 32, 100_000)
    batch_size: int | None = within(None, 1, 4096)
    learning_rate: float | None = within(None, 1e-8, 10.0)
    frozen_encoder: bool = False
    masks: Mapping[str, float] | None = None
    class_weights: Literal["none", "balanced", "proportional"] | None = None
