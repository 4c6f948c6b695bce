"""Defaults of earlier versions, by which a network is built for weights that were trained with them.

A default such as a dilation rate changes what a network computes, but no shape of its weights, so that a file
of weights would be loaded into another network without an error. So each file records its architecture and
the edition of that architecture's defaults; a file without a record is of the first edition.
"""

from collections.abc import Mapping
from typing import Any

from severstal.errors import SeverstalError

# By architecture, for each edition but the present one, the options that build the network as it was then.
_EARLIER: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    # The rates of stride 8, whatever the stride.
    "deeplab_v3": ({"decoder_atrous_rates": (12, 24, 36)},),
    "deeplab_v3plus": ({"decoder_atrous_rates": (12, 24, 36)},),
    "ksac": ({"decoder_atrous_rates": (6, 12, 18)},),
    # Three stages of the encoder, not dilated.
    "pspnet": ({"encoder_depth": 3, "encoder_output_stride": 32},),
}


def built_as(architecture: str) -> dict[str, Any]:
    """The record in a file of weights, for a network that is built today.

    Example:
        >>> built_as("pspnet"), built_as("unet")
        ({'architecture': 'pspnet', 'edition': 2}, {'architecture': 'unet', 'edition': 1})
    """
    return {"architecture": architecture, "edition": 1 + len(_EARLIER.get(architecture, ()))}


def earlier_options(architecture: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the options that build a network as it was when its weights were trained.

    Args:
        architecture: name of the architecture to build.
        record: the record of the file of weights, as `built_as`; empty where it has none.

    Returns:
        Options that were defaults then and are not today; those of the recipe take precedence.

    Raises:
        SeverstalError: the weights are of another architecture, or of a newer version.

    Example:
        >>> earlier_options("deeplab_v3plus", {})
        {'decoder_atrous_rates': (12, 24, 36)}
        >>> earlier_options("deeplab_v3plus", built_as("deeplab_v3plus"))
        {}
        >>> earlier_options("unet", built_as("fpn"))
        Traceback (most recent call last):
        severstal.errors.SeverstalError: weights of fpn, the recipe names unet: ...
    """
    named, edition = record.get("architecture", architecture), record.get("edition", 1)
    if named != architecture:
        raise SeverstalError(
            f"weights of {named}, the recipe names {architecture}: set model.architecture to {named!r}"
        )
    earlier = _EARLIER.get(architecture, ())
    if not 1 <= edition <= len(earlier) + 1:
        raise SeverstalError(f"weights of a newer {architecture}, edition {edition}: upgrade severstal")
    return {} if edition > len(earlier) else earlier[edition - 1]
