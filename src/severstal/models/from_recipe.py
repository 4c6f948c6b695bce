"""The network of a recipe: newly built for a training, or with trained weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.models.checkpoint import load_weights, read_built_as
from severstal.models.editions import earlier_options
from severstal.models.registry import Network, build_model
from severstal.models.skip_init import SkipMetaInit
from severstal.recipe import Recipe


def new_network(
    recipe: Recipe,
    spec: Spec,
    encoder_weights: str | None = None,
    defaults: Mapping[str, Any] | None = None,
    for_training: bool = True,
) -> Network:
    """Build the recipe's network for a data set's classes.

    Args:
        recipe: recipe; its `model` is read, and whether the loss uses deep supervision.
        spec: specification of the data set; gives the number of classes and of the pictures' channels.
        encoder_weights: replaces the recipe's encoder weights, for example "none".
        defaults: options that hold where the recipe gives none.
        for_training: as in `build_model`.
    """
    model = recipe.model
    return build_model(
        model.architecture,
        model.encoder_name,
        model.encoder_weights if encoder_weights is None else encoder_weights,
        in_channels=spec.channels,
        classes=len(spec.classes),
        class_head=model.class_head,
        options={**(defaults or {}), **model.options},
        deep_supervision=recipe.loss.deep_supervision > 0,
        for_training=for_training,
    )


def load_network(recipe: Recipe, spec: Spec, path: str | Path) -> Network:
    """Build the recipe's network and fill it with trained weights; nothing is fetched.

    Where a default of its architecture has changed since the training, it is built with the earlier one.

    Raises:
        SeverstalError: the weights are missing, damaged or another network's.
    """
    record = read_built_as(path)
    try:
        defaults = earlier_options(recipe.model.architecture, record)
    except SeverstalError as error:
        raise SeverstalError(f"{path}: {error}") from error
    with SkipMetaInit():
        network = new_network(recipe, spec, "none", defaults, for_training=False)
    load_weights(network, path)
    return network.eval()
