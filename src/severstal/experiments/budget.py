"""The budget of a comparison: the planned and the actual number of pictures per recipe."""

import json
import logging
import math
from bisect import bisect_left
from dataclasses import dataclass

from severstal.errors import SeverstalError
from severstal.recipe import Recipe
from severstal.recipe.switches import change
from severstal.runs.ensemble import RunOrEnsemble, jobs_of
from severstal.runs.layout import history_path
from severstal.training.history import load_history
from severstal.training.phases import Plan

logger = logging.getLogger("severstal")

NEAR = 0.02  # of the budget: a recipe that comes as near in the epochs that it was given keeps their number


@dataclass(frozen=True)
class _Length:
    """A training's length.

    Attributes:
        epochs: number of epochs.
        images: number of images in an epoch.
        missed: difference from the budget, in pictures.
    """

    epochs: int
    images: int
    missed: float


def spend(recipe: Recipe, budget: int, members: int = 1) -> Recipe:
    """Give a recipe the epochs that bring it nearest to a budget of pictures seen in a fold.

    A last batch that is not full is dropped in training. Therefore an epoch gets as many pictures as fill its
    batches, at least one of the recipe's size, so that next to nothing is dropped. Where that misses the
    budget by more than a fiftieth, another number of epochs, from half as many to twice as many, is taken
    that comes nearer, and in which every phase begins; this is logged. Early stopping is off.

    Args:
        recipe: recipe of one network, with the wanted number of epochs.
        budget: pictures in a fold's training, all members and rounds of pseudo-labels together.
        members: number of members that share the budget.

    Raises:
        SeverstalError: fewer pictures than epochs, or than a batch; so few epochs that a phase never begins.

    Example:
        >>> small = change(Recipe(name="small"), {"training.epochs": 5, "training.batch_size": 4})
        >>> spend(small, 100).training.epoch_images
        20
        >>> large = spend(change(small, {"training.batch_size": 13}), 100).training
        >>> large.epochs, large.epoch_images
        (4, 26)
        >>> spend(small, 3)
        Traceback (most recent call last):
        severstal.errors.SeverstalError: 3 pictures are too few for recipe small, of 5 ...: give ...
    """
    trainings = members * (1 + recipe.pseudo.rounds)
    wanted, batch = recipe.training.epochs, _largest_batch(recipe)
    least = trainings * max(wanted, batch)
    if budget < least:
        each = "" if trainings == 1 else f", trained {trainings} times"
        raise SeverstalError(
            f"{budget} pictures are too few for recipe {recipe.name}, of {wanted} epochs and batches of "
            f"{batch}{each}: give --crops {least} or more"
        )
    try:
        Plan(recipe, images=1).check_phases()
    except SeverstalError as error:
        raise SeverstalError(f"recipe {recipe.name}: {error}") from None
    length = _find_length(recipe, budget / trainings)
    if length is None:
        raise SeverstalError(
            f"{budget} pictures are too few for all phases of recipe {recipe.name}, in batches of {batch}: "
            f"give --crops {trainings * batch * wanted} or more"
        )
    if length.epochs != wanted:
        logger.info(
            f"recipe {recipe.name}: {length.epochs} epochs of {length.images} pictures, as {wanted} of whole "
            f"batches do not come near to {budget:,}"
        )
    lasting = {"training.epochs": length.epochs, "training.epoch_images": length.images}
    return change(recipe, lasting | {"training.early_stopping": 0})


def pictures_planned(recipe: Recipe, labelled: int) -> int:
    """Return how many crops a recipe sees in a fold, without early stopping.

    Args:
        recipe: recipe of one network or of several.
        labelled: images that are split into folds.

    Example:
        >>> pictures_planned(change(Recipe(), {"training.epochs": 5, "training.epoch_images": 60}), 100)
        240
    """
    in_fold = labelled - labelled // recipe.data.folds
    return sum(
        _pictures(part, part.training.epoch_images or in_fold) * (1 + part.pseudo.rounds)
        for part in recipe.members or (recipe,)
    )


def pictures_seen(run: RunOrEnsemble) -> int:
    """Return how many crops a trained run or ensemble saw per fold, from its histories, as a mean over the
    folds.

    A round of pseudo-labels that found none is not trained again, and counts once.

    Raises:
        SeverstalError: a fold is not trained.
    """
    seen = 0
    for job in jobs_of(run):
        plan = Plan(job.recipe, job.recipe.training.epoch_images)
        for fold in range(job.recipe.data.train_folds):
            earlier = [job.files.round(fold, number) for number in range(job.recipe.pseudo.rounds)]
            histories = [load_history(history_path(each)) for each in (*earlier, job.files.fold(fold))]
            # A round that became the last one is in two places.
            for epochs in {json.dumps(epochs): epochs for epochs in histories}.values():
                for number, epoch in enumerate(epochs):
                    pictures = epoch["pictures"]  # None in an old history: then what was planned
                    seen += _in_epoch(plan, number) if pictures is None else pictures
    return round(seen / run.recipe.data.train_folds)


def _find_length(recipe: Recipe, pictures: float) -> _Length | None:
    """Return the length nearest to a number of pictures; of those near enough, the one nearest in epochs.

    None where the pictures are too few for any number of epochs in which every phase begins.
    """
    start = min(recipe.training.epochs, int(pictures // _largest_batch(recipe)))
    counts = {start, *range(max(1, start // 2), 2 * start + 1, max(1, start // 100))}
    best = None
    for epochs in sorted(counts, key=lambda count: (abs(count - start), count)):
        if best and best.missed <= NEAR * pictures:
            break
        if _all_begin(recipe, epochs):
            found = _fill(recipe, epochs, pictures)
            best = min(best or found, found, key=lambda length: length.missed)
    return best


def _all_begin(recipe: Recipe, epochs: int) -> bool:
    try:
        Plan(change(recipe, {"training.epochs": epochs}), images=1).check_phases()
    except SeverstalError:
        return False
    return True


def _fill(recipe: Recipe, epochs: int, pictures: float) -> _Length:
    """So many epochs, of the images that come nearest; of equal ones the fewest, which drop least."""
    recipe, batch = change(recipe, {"training.epochs": epochs}), _largest_batch(recipe)
    sizes = range(batch, 2 * batch + math.ceil(pictures / epochs))  # the last sees more than enough

    def least(wanted: float) -> int:
        return sizes[bisect_left(sizes, wanted, key=lambda images: _pictures(recipe, images))]

    above = least(pictures)
    below = least(_pictures(recipe, above - 1)) if above > batch else above
    lengths = (_Length(epochs, size, abs(_pictures(recipe, size) - pictures)) for size in (below, above))
    return min(lengths, key=lambda length: length.missed)


def _largest_batch(recipe: Recipe) -> int:
    return max(phase.batch_size for phase in Plan(recipe, images=1).phases)


def _pictures(recipe: Recipe, images: int) -> int:
    """Crops of one training with so many in an epoch."""
    plan = Plan(recipe, images)
    return sum(_in_epoch(plan, epoch) for epoch in range(recipe.training.epochs))


def _in_epoch(plan: Plan, epoch: int) -> int:
    return plan.batches(epoch) * min(plan.phase(epoch).batch_size, plan.images)
