"""The loss that a recipe describes."""

from collections.abc import Mapping, Sequence

from severstal.errors import SeverstalError
from severstal.losses.registry import TrainingLoss, build_loss
from severstal.recipe import Recipe


def loss_of(
    recipe: Recipe,
    classes: int,
    masks: Mapping[str, float] | None = None,
    class_weights: Sequence[float] | None = None,
) -> TrainingLoss:
    """Build the training loss of a recipe, or of one of its phases.

    Args:
        recipe: recipe; its `loss` table is read.
        classes: number of classes of the data set.
        masks: weight of each mask loss in the phase; None takes `loss.masks`.
        class_weights: one weight per class, for the mask losses; None for equal weights of 1.

    Raises:
        SeverstalError: `loss.positive_weights` is of another number of classes, or a setting is out of its
            range.

    Example:
        >>> import torch
        >>> from types import SimpleNamespace
        >>> output = SimpleNamespace(masks=torch.zeros(2, 4, 8, 8), classes=None)
        >>> loss_of(Recipe(), 4, {"bce": 1.0})(output, torch.zeros(2, 4, 8, 8))
        tensor(0.6931)
    """
    settings, weights = recipe.loss, recipe.loss.positive_weights
    if len(weights) not in (0, 1, classes):  # checked here, since only some losses use them
        raise SeverstalError(
            f"loss.positive_weights has {len(weights)} numbers for {classes} classes: give one per class, or "
            "one for all"
        )
    return build_loss(
        settings.masks if masks is None else masks,
        settings.classes,
        positive_weights=weights,
        class_weights=class_weights,
        label_smoothing=settings.label_smoothing,
        edge_smoothing=settings.edge_smoothing,
        deep_supervision=settings.deep_supervision,
    )
