"""Plan of the folds and epochs of a training in sessions of limited length."""

from collections.abc import Sequence
from dataclasses import dataclass

from severstal.competition.spec import SEVERSTAL, Spec
from severstal.errors import SeverstalError
from severstal.experiments.gpus import Gpu
from severstal.experiments.step_time import PhaseTime, RecipeTime, measure_recipe
from severstal.recipe import Recipe, load_recipe

_USED = 0.95  # of a session; the rest is for start, input and saving
_BACKWARD = 3  # multiply-adds of forward and backward pass, in those of the forward pass


@dataclass(frozen=True)
class PlannedPart:
    """Consecutive epochs of one fold within a session.

    Attributes:
        session: number of the session, from 1.
        network: name of the recipe, or of its member.
        fold: number of the fold, from 0.
        first: number of the first epoch, from 1.
        last: number of the last epoch.
        hours: duration.
    """

    session: int
    network: str
    fold: int
    first: int
    last: int
    hours: float


@dataclass(frozen=True)
class TrainingEstimate:
    """The estimated duration of a training on a device.

    Attributes:
        ratio: how many times as fast as this machine the device is.
        crops: crops per second of the first phase of each network, by name; the loader has to keep up.
        parts: parts in the order of the training.
        prediction: hours of predicting out of fold and the test images, with all views, after the training.
    """

    ratio: float
    crops: dict[str, float]
    parts: tuple[PlannedPart, ...]
    prediction: float

    @property
    def sessions(self) -> int:
        """Number of sessions of the training."""
        return self.parts[-1].session

    @property
    def hours(self) -> float:
        """Hours of the training."""
        return sum(part.hours for part in self.parts)


def measure_ratio(gpu: Gpu | None, steps: int = 3) -> float:
    """Return how many times as fast as this machine a device trains; 1 for this machine itself.

    The recipe `plain_smp` (Unet on ResNet-34, crops of 256 x 512) is timed here. The device is assumed to
    reach `Gpu.rate` with it on each of its GPUs.

    Args:
        gpu: the device; None for this machine.
        steps: number of timed steps.
    """
    if gpu is None:
        return 1.0
    phase = measure_recipe(load_recipe("plain_smp"), SEVERSTAL, images=1, steps=steps).phases[0]
    return gpu.count * gpu.rate * phase.seconds / (_BACKWARD * phase.multiply_adds)


def estimate_training(
    recipe: Recipe, times: Sequence[RecipeTime], images: int, test: int, ratio: float, hours: float
) -> TrainingEstimate:
    """Estimate the durations of a recipe's folds and epochs, and put them into sessions.

    Args:
        recipe: recipe of one network, or with members.
        times: times of each network here, as `measure_recipe` gives them.
        images: number of labelled images.
        test: number of test images.
        ratio: speed of the device, as `measure_ratio` gives it.
        hours: length of a session.

    Raises:
        SeverstalError: not even one epoch fits into a session.

    Example:
        >>> recipe = load_recipe("plain_smp")
        >>> time = RecipeTime((PhaseTime(0, seconds=0.1, multiply_adds=1),), picture=0.2)
        >>> plan = estimate_training(recipe, [time], images=1000, test=100, ratio=10, hours=0.2)
        >>> plan.sessions, plan.parts[0].last, round(plan.hours, 2)
        (4, 40, 0.67)
    """
    networks = recipe.members or (recipe,)
    budget, parts, session, used = 3600 * _USED * hours, [], 1, 0.0
    for member, time in zip(networks, times, strict=True):
        held_out = images / member.data.folds
        for fold in range(member.data.train_folds):
            first, spent = 1, 0.0
            for epoch in range(member.training.epochs):
                crops = member.training.epoch_images or images - held_out
                seconds = (crops * _phase(time, epoch).seconds + held_out * time.picture) / ratio
                if seconds > budget:
                    raise SeverstalError(
                        f"--hours {hours:g}: an epoch of {member.name} takes {seconds / 3600:.2g} h, and a "
                        "session has to hold at least one: set training.epoch_images, or give more hours"
                    )
                if used + seconds > budget:
                    if spent:
                        parts.append(PlannedPart(session, member.name, fold, first, epoch, spent / 3600))
                    session, used, first, spent = session + 1, 0.0, epoch + 1, 0.0
                used, spent = used + seconds, spent + seconds
            parts.append(PlannedPart(session, member.name, fold, first, member.training.epochs, spent / 3600))
    prediction = sum(
        len(member.inference.flips) * time.picture * (images + test * member.data.train_folds)
        for member, time in zip(networks, times, strict=True)
    )
    crops = {
        member.name: ratio / time.phases[0].seconds for member, time in zip(networks, times, strict=True)
    }
    return TrainingEstimate(ratio, crops, tuple(parts), prediction / ratio / 3600)


def measure_networks(recipe: Recipe, spec: Spec, images: int) -> list[RecipeTime]:
    """Time each network of a recipe on this machine, as `measure_recipe` does."""
    return [
        measure_recipe(member, spec, member.training.epoch_images or images)
        for member in recipe.members or (recipe,)
    ]


def _phase(time: RecipeTime, epoch: int) -> PhaseTime:
    return max((phase for phase in time.phases if phase.start <= epoch), key=lambda phase: phase.start)
