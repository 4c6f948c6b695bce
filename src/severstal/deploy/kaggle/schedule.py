"""What of a model is computed in the time that is left: first views are dropped, then networks."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from severstal.deploy.torch_model import TorchMember, TorchModel
from severstal.device import choose_device
from severstal.recipe import InferenceSettings

MARGIN = 0.8
"""Share of the time left that the work may be expected to take."""


@dataclass(frozen=True)
class Reduction:
    """A model with less to compute.

    Attributes:
        members: what is left of it.
        kept: the place of each kept member in the whole model.
        cost: share of the whole model's work, 0 to 1.
        dropped: what was dropped, in words; empty for the whole model.
    """

    members: tuple[TorchMember, ...]
    kept: tuple[int, ...]
    cost: float
    dropped: str


def reductions(members: Sequence[TorchMember]) -> list[Reduction]:
    """Every step from the whole model to one network on one view, by falling cost.

    Views go first, the last ones of a recipe's lists before the first: scales, then shifts, then flips; all
    members lose alike. Then networks go, of the member with the most of them, the last fold first; then whole
    members, the last first.

    Args:
        members: members of the whole model.
    """
    whole = sum(_work(member) for member in members)
    left, kept = list(members), list(range(len(members)))
    steps = [Reduction(tuple(left), tuple(kept), 1.0, "")]

    def note(dropped: str) -> None:
        cost = sum(_work(member) for member in left) / whole
        steps.append(Reduction(tuple(left), tuple(kept), cost, dropped))

    while any(_views(member) > 1 for member in left):
        most = max(_views(member) for member in left)
        left = [_fewer_views(member) if _views(member) == most else member for member in left]
        note(f"views, {max(_views(member) for member in left)} of {max(map(_views, members))} left")
    networks = sum(len(member.networks) for member in left)
    said = "all views but one"
    while any(len(member.networks) > 1 for member in left):
        place = max(range(len(left)), key=lambda each: (len(left[each].networks), each))
        left[place] = replace(left[place], networks=left[place].networks[:-1])
        note(f"{said} and networks, {sum(len(each.networks) for each in left)} of {networks} left")
    while len(left) > 1:
        left, kept = left[:-1], kept[:-1]
        note(f"{said} and networks, {len(left)} of {networks} left")
    return steps


def choose_reduction(steps: Sequence[Reduction], seconds: float, pictures: int, left: float) -> Reduction:
    """The step with the most work that fits the time; the last one where none does.

    Args:
        steps: steps that `reductions` returned.
        seconds: per picture, of the whole model.
        pictures: still to be computed.
        left: seconds until the limit.

    Example:
        >>> steps = [Reduction((), (), cost, "") for cost in (1.0, 0.5, 0.25)]
        >>> choose_reduction(steps, 2.0, 100, 200.0).cost
        0.5
    """
    for step in steps:
        if step.cost * seconds * pictures <= MARGIN * left:
            return step
    return steps[-1]


def reduced_model(model: TorchModel, step: Reduction) -> TorchModel:
    """The model with what a step leaves of it; the weights of the kept members are scaled to a sum of 1."""
    combiner = model.combiner
    if combiner is not None:
        weights = tuple(combiner.weights[place] for place in step.kept)
        if len(step.kept) == 1 or not sum(weights):
            combiner = None
        else:
            ranks = None if combiner.ranks is None else combiner.ranks[list(step.kept)]
            combiner = replace(combiner, weights=weights, ranks=ranks, fold_weights={})
    kept = tuple(model.description.members[place] for place in step.kept)
    scales = {member.recipe.inference.map_scale for member in step.members}
    scale = scales.pop() if len(scales) == 1 else 1
    description = replace(model.description, members=kept, map_scale=scale)
    precision = step.members[0].recipe.training.precision
    return TorchModel(description, step.members, combiner, choose_device(model.device, precision))


class Clock:
    """The time that a job has.

    Args:
        deadline: end of the time, in seconds since the epoch.

    Example:
        >>> 9 < Clock(time.time() + 10).left() <= 10
        True
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def left(self) -> float:
        """Seconds until the deadline, at least 0."""
        return max(0.0, self.deadline - time.time())


def _views(member: TorchMember) -> int:
    settings = member.recipe.inference
    return len(settings.flips) * len(settings.shifts) * len(settings.scales)


def _work(member: TorchMember) -> float:
    """Network passes over a picture of the member's own size."""
    settings = member.recipe.inference
    pixels = sum(scale**2 for scale in settings.scales) / member.recipe.data.scale**2
    return len(member.networks) * len(settings.flips) * len(settings.shifts) * pixels


def _fewer_views(member: TorchMember) -> TorchMember:
    """The member without the last of its scales, else of its shifts, else of its flips."""
    settings: InferenceSettings = member.recipe.inference
    for name in ("scales", "shifts", "flips"):
        if len(values := getattr(settings, name)) > 1:
            settings = replace(settings, **{name: values[:-1]})
            break
    return replace(member, recipe=replace(member.recipe, inference=settings))
