"""What a network without an encoder of smp or timm makes by itself: options, a class head, a beginning."""

import difflib
from collections.abc import Mapping
from typing import Any

from segmentation_models_pytorch.base import ClassificationHead
from torch import nn

from severstal.errors import SeverstalError
from severstal.models.encoders import TIMM
from severstal.models.smp_networks import PRIOR_LOGIT


def split_options(
    options: Mapping[str, Any], own: Mapping[str, Any], encoder_name: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the options of a decoder from those that go to timm with the encoder.

    Args:
        options: what a recipe sets.
        own: the decoder's options and what they are unless set.
        encoder_name: an encoder of smp, or of timm as `tu-NAME`.

    Returns:
        The decoder's options, all of them, and timm's.

    Raises:
        SeverstalError: an option of neither; names the nearest.

    Example:
        >>> split_options({"drop_path_rate": 0.1}, {"decoder_width": 64}, "tu-test_vit")
        ({'decoder_width': 64}, {'drop_path_rate': 0.1})
        >>> split_options({"decoder_with": 32}, {"decoder_width": 64}, "tu-test_vit")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: model option 'decoder_with' is unknown: ... 'decoder_width'
    """
    likeness = 0.8 if encoder_name.startswith(TIMM) else 0.0  # the rest is timm's to judge
    for name in options.keys() - own.keys():
        if near := difflib.get_close_matches(name, own, 1, likeness):
            raise SeverstalError(f"model option {name!r} is unknown: the nearest known one is {near[0]!r}")
        if not encoder_name.startswith(TIMM):
            raise SeverstalError(f"model option {name!r} is unknown: remove it")
    chosen = {name: options.get(name, value) for name, value in own.items()}
    return chosen, {name: value for name, value in options.items() if name not in own}


def class_head_on(channels: int, classes: int, wanted: bool) -> ClassificationHead | None:
    """Give smp's classification head for an encoder's last feature, where one is wanted.

    Args:
        channels: of the feature.
        classes: of the masks.
        wanted: else None.
    """
    return ClassificationHead(channels, classes) if wanted else None


def classifier(channels: int, classes: int) -> nn.Conv2d:
    """Give the 1 x 1 convolution that ends a decoder; its logits begin where defects are rare.

    Args:
        channels: of the feature.
        classes: of the masks.

    Example:
        >>> classifier(16, 4).bias.sigmoid().tolist()[0]
        0.00999...
    """
    last = nn.Conv2d(channels, classes, 1)
    nn.init.constant_(last.bias, PRIOR_LOGIT)
    return last
