"""The network that a recipe names: new for a training, or filled with what a training left."""

from pathlib import Path

from severstal.competition.spec import Spec
from severstal.models.checkpoint import load_weights
from severstal.models.registry import Network, build_model
from severstal.recipe import Recipe


def new_network(recipe: Recipe, spec: Spec, encoder_weights: str | None = None) -> Network:
    """Build the recipe's network for a data set's classes.

    Args:
        recipe: its `model`, and whether the loss looks at coarser levels too.
        spec: of the data set.
        encoder_weights: in place of the recipe's, as "none".
    """
    model = recipe.model
    return build_model(
        model.architecture,
        model.encoder_name,
        model.encoder_weights if encoder_weights is None else encoder_weights,
        classes=len(spec.classes),
        class_head=model.class_head,
        options=model.options,
        deep_supervision=recipe.loss.deep_supervision > 0,
    )


def load_network(recipe: Recipe, spec: Spec, path: str | Path) -> Network:
    """Build the recipe's network and fill it with trained weights; nothing is fetched.

    Raises:
        SeverstalError: the weights are missing, damaged or another network's.
    """
    network = new_network(recipe, spec, encoder_weights="none")
    load_weights(network, path)
    return network.eval()
