"""The weights of a network that are excluded from weight decay."""

from fnmatch import fnmatch

import timm
import torch
from segmentation_models_pytorch.encoders.timm_universal import TimmUniversalEncoder
from segmentation_models_pytorch.encoders.timm_vit import TimmViTEncoder
from torch import nn

from severstal.models.encoders import flat_name
from severstal.models.network import encoder_of

# Last parts of the names of tokens, position embeddings and relative positions in timm's transformers; some
# of its models list only some of theirs.
_EMBEDDINGS = frozenset(
    {
        "attention_biases",
        "cls_token",
        "dist_token",
        "pos_embed",
        "pos_embed_window",
        "reg_token",
        "rel_pos_h",
        "rel_pos_w",
        "relative_position_bias_table",
    }
)


def undecayed_weights(network: nn.Module) -> set[str]:
    """Name the weights of a network that are excluded from weight decay.

    They are biases and all weights with one axis, as those of normalisations: pulled towards 0, they would
    only make the network's scale drift (He 2019, section 3.1); class and register tokens, position embeddings
    and tables of relative positions, which are added to features and are not multiplied with them (as
    in Dosovitskiy 2021 and timm); what timm's encoder itself lists in `no_weight_decay()`; and what a
    module of this package lists in a method of that name.

    Args:
        network: network from `build_model`, or any other.

    Returns:
        Names as in `named_parameters`.

    Example:
        >>> from severstal.models.registry import build_model
        >>> network = build_model("segmenter_linear", "tu-test_vit")
        >>> {"body.encoder.model.cls_token", "body.encoder.model.pos_embed"} <= undecayed_weights(network)
        True
    """
    names = {
        name
        for name, weight in network.named_parameters()
        if weight.ndim <= 1 or name.endswith(".bias") or name.rpartition(".")[2] in _EMBEDDINGS
    }
    for prefix, module in network.named_modules():
        listed = getattr(module, "no_weight_decay", None)
        if listed is not None:
            names |= _matching(network, prefix, listed())
    encoder = encoder_of(network)
    if isinstance(encoder, TimmUniversalEncoder | TimmViTEncoder):
        prefix = next(name for name, module in network.named_modules() if module is encoder)
        names |= _matching(network, prefix, _listed_by_timm(encoder.name))
    return names


def _matching(network: nn.Module, prefix: str, patterns: object) -> set[str]:
    """Names of the weights under a prefix that match one of the patterns."""
    dot = f"{prefix}." if prefix else ""
    flat = [flat_name(pattern) for pattern in patterns]
    return {
        name
        for name, _ in network.named_parameters()
        if name.startswith(dot) and any(fnmatch(flat_name(name.removeprefix(dot)), each) for each in flat)
    }


def _listed_by_timm(name: str) -> list[str]:
    """The list of timm's whole model; as an encoder of features it no longer has the method."""
    try:
        with torch.device("meta"):
            model = timm.create_model(name)
    except (NotImplementedError, RuntimeError):  # some compute on their weights while they are built
        model = timm.create_model(name)
    listed = getattr(model, "no_weight_decay", None)
    return [] if listed is None else list(listed())
