"""A recipe on another architecture, with an encoder that fits it."""

from dataclasses import replace

import torch

from severstal.errors import SeverstalError
from severstal.models.encoders import OWN_ENCODER, find_encoder
from severstal.models.mismatch import EncoderMismatch
from severstal.models.registry import build_model, check_architecture
from severstal.models.smallest import smallest
from severstal.recipe import Recipe


def with_architecture(recipe: Recipe, architecture: str) -> Recipe:
    """Return the recipe with another network, on its own encoder where that fits, else on the smallest that
    does.

    An encoder fits where the network can be built on it, which is tried. For another one the recipe names no
    pretrained weights: it begins with random ones.

    Args:
        recipe: recipe of one network.
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
    if own.encoder_name != OWN_ENCODER:
        find_encoder(own.encoder_name)  # raises: what there is not is misspelt, and does not only not fit
    encoder, options = smallest(architecture)
    if OWN_ENCODER not in (encoder, own.encoder_name) and _fits(architecture, own.encoder_name):
        model = replace(own, options={})
    else:
        model = replace(own, encoder_name=encoder, encoder_weights="none", options=options)
    return replace(named, model=replace(model, architecture=architecture))


def _fits(architecture: str, encoder_name: str) -> bool:
    """Return whether a network can be built on an encoder; nothing is fetched, the random state is kept."""
    with torch.random.fork_rng(devices=[]):
        try:
            build_model(architecture, encoder_name)
        except EncoderMismatch:
            return False
    return True
