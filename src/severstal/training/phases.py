"""Phases of a training: crop, batch size, learning rate, frozen encoder and losses of each epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import accumulate
from math import ceil
from typing import Literal

from severstal.errors import SeverstalError
from severstal.recipe import PhaseSettings, Recipe
from severstal.training.schedule import learning_rate_factor


@dataclass(frozen=True)
class Phase:
    """The settings of consecutive epochs, fully resolved.

    Attributes:
        start: the first of its epochs, from 0.
        crop: height and width of a crop, in pixels of the picture on disk.
        batch_size: crops per step of the optimizer.
        learning_rate: peak learning rate, which the schedule scales.
        frozen_encoder: whether the encoder's weights are not trained.
        masks: weight of each mask loss.
        class_weights: weighting of the classes in the mask losses.
    """

    start: int
    crop: tuple[int, int]
    batch_size: int
    learning_rate: float
    frozen_encoder: bool
    masks: Mapping[str, float]
    class_weights: Literal["none", "balanced", "proportional"]


class Plan:
    """The phases and steps of a fold's training.

    Args:
        recipe: recipe; its `training`, `loss`, `augment.crop` and `phases` are read.
        images: pictures per epoch.

    Attributes:
        phases: phases in order; the first starts at epoch 0. A phase starts with the first epoch that begins
            at or after its share of the epochs; of two that start with the same epoch the later counts.

    Example:
        >>> from severstal.recipe import PhaseSettings, TrainingSettings
        >>> training = TrainingSettings(epochs=10, batch_size=4, learning_rate=0.1, warmup=0.0)
        >>> growing = (PhaseSettings(start=0.5, crop=(256, 1600), batch_size=2),)
        >>> plan = Plan(Recipe(training=training, phases=growing), images=9)
        >>> [plan.phase(epoch).crop for epoch in (4, 5)]
        [(256, 512), (256, 1600)]
        >>> [plan.batches(epoch) for epoch in (4, 5)]
        [2, 4]
        >>> plan.learning_rate(0, 0)
        0.1
    """

    def __init__(self, recipe: Recipe, images: int):
        self.images = images
        self._training, self._settings = recipe.training, recipe.phases
        whole = {
            "crop": recipe.augment.crop,
            "batch_size": recipe.training.batch_size,
            "learning_rate": recipe.training.learning_rate,
            "frozen_encoder": False,
            "masks": recipe.loss.masks,
            "class_weights": recipe.loss.class_weights,
        }
        starts = {0: Phase(start=0, **whole)}
        for settings in recipe.phases:
            start = _first_epoch(settings.start, recipe.training.epochs)
            starts[start] = Phase(start=start, **(whole | _named(settings)))
        self.phases = tuple(starts[start] for start in sorted(starts))
        steps = (self.batches(epoch) for epoch in range(recipe.training.epochs))
        self._steps = list(accumulate(steps, initial=0))  # before each epoch, and in total

    def check_phases(self) -> None:
        """Refuse so few epochs that a phase which starts before the end would have no epoch.

        Raises:
            SeverstalError: naming the phase and how many epochs it needs.
        """
        epochs = self._training.epochs
        for place, settings in enumerate(self._settings):
            if settings.start < 1 and _first_epoch(settings.start, epochs) >= epochs:
                needed = ceil(1 / (1 - settings.start) - 1e-9)
                raise SeverstalError(
                    f"phases[{place}] starts at {settings.start:g} of the epochs, where the last of {epochs} "
                    f"has already begun: set training.epochs = {needed} or more, or leave the phase out"
                )

    def phase(self, epoch: int) -> Phase:
        """The phase that an epoch, from 0, belongs to."""
        return max((phase for phase in self.phases if phase.start <= epoch), key=lambda phase: phase.start)

    def batches(self, epoch: int) -> int:
        """Steps in an epoch: full batches only, since a last batch of one picture may not be supported.

        An epoch of fewer pictures than a batch is one step.
        """
        return max(1, self.images // self.phase(epoch).batch_size)

    def learning_rate(self, epoch: int, batch: int) -> float:
        """The learning rate of a step: the phase's peak, scaled by the schedule."""
        step, steps = self._steps[epoch] + batch, self._steps[-1]
        factor = learning_rate_factor(step, steps, self._training.warmup, self._training.flat)
        return self.phase(epoch).learning_rate * factor

    def is_averaged(self, epoch: int) -> bool:
        """Return whether an epoch is part of the stochastic weight average; the last epoch always is."""
        last = self._training.epochs - 1
        return epoch >= min(last, round(self._training.epochs * (1 - self._training.swa)))


def _named(settings: PhaseSettings) -> dict[str, object]:
    """The settings that a phase sets itself."""
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return {name: value for name, value in values.items() if name != "start" and value is not None}


def _first_epoch(start: float, epochs: int) -> int:
    """Return the first epoch that begins at or after a share of all epochs."""
    return ceil(start * epochs - 1e-9)  # 0.7 * 10 is slightly above 7
