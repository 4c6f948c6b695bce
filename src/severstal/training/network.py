"""The network that a recipe names: new for a training, or filled with what a training left."""

from dataclasses import replace
from pathlib import Path

import torch

from severstal.competition.spec import Spec
from severstal.errors import SeverstalError
from severstal.models.encoders import find_encoder
from severstal.models.registry import Network, build_model, check_architecture
from severstal.models.smallest import OWN, smallest
from severstal.recipe import Recipe
from severstal.training.checkpoint import load_weights


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


def with_architecture(recipe: Recipe, architecture: str) -> Recipe:
    """The recipe with another network, on its own encoder where that fits, else on the smallest that does.

    An encoder fits where the network can be built on it, which is tried. For another one the recipe names no
    pretrained weights: it begins with random ones.

    Args:
        recipe: of one network.
        architecture: a name in the registry of networks.

    Returns:
        A recipe called after both; the options of another architecture's network are left behind.

    Raises:
        SeverstalError: there is no such architecture or no such encoder, or the recipe has members.

    Example:
        >>> unet, dpt = (with_architecture(Recipe(name="steel"), name) for name in ("unet", "dpt"))
        >>> unet.name, unet.model.encoder_name, unet.model.encoder_weights
        ('steel-unet', 'efficientnet-b3', 'imagenet')
        >>> dpt.name, dpt.model.encoder_name, dpt.model.encoder_weights
        ('steel-dpt', 'tu-test_vit', 'none')
    """
    check_architecture(architecture)
    if recipe.members:
        raise SeverstalError(
            f"recipe {recipe.name} has {len(recipe.members)} members: give one of a single network"
        )
    named = replace(recipe, name=f"{recipe.name}-{architecture}")
    own = recipe.model
    if architecture == own.architecture:
        return named
    if own.encoder_name != OWN:
        find_encoder(own.encoder_name)  # raises: what there is not is misspelt, and does not only not fit
    encoder, options = smallest(architecture)
    if encoder != OWN and _fits(architecture, own.encoder_name):
        model = replace(own, options={})
    else:
        model = replace(own, encoder_name=encoder, encoder_weights="none", options=options)
    return replace(named, model=replace(model, architecture=architecture))


def _fits(architecture: str, encoder_name: str) -> bool:
    """Whether a network can be built on an encoder; nothing is fetched, and chance is left as it was."""
    with torch.random.fork_rng(devices=[]):
        try:
            build_model(architecture, encoder_name)
        except SeverstalError:
            return False
    return True


def weights_path(run: str | Path, recipe: Recipe, fold: int) -> Path:
    """The weights of a fold that are predicted with, as the recipe chooses.

    Example:
        >>> weights_path("runs/a", Recipe(), 2).as_posix()
        'runs/a/fold2/model.safetensors'
    """
    name = "model" if recipe.inference.weights == "best" else recipe.inference.weights
    return Path(run) / f"fold{fold}" / f"{name}.safetensors"


def load_network(recipe: Recipe, spec: Spec, path: str | Path) -> Network:
    """Build the recipe's network and fill it with trained weights; nothing is fetched.

    Raises:
        SeverstalError: the weights are missing, damaged or another network's.
    """
    network = new_network(recipe, spec, encoder_weights="none")
    load_weights(network, path)
    return network.eval()
