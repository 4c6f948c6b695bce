"""DeepLab v3 and v3+: smp's networks, with rates that suit the stride of the encoder's deepest feature."""

from collections.abc import Mapping
from typing import Any

import segmentation_models_pytorch as smp

from severstal.models.network import Network
from severstal.models.smp_networks import smp_network

# Rates in pixels of the feature: at stride 8 twice those of stride 16, so that the field of view in pixels of
# the picture is the same (Chen 2017, section 3.3; Chen 2018, section 4).
_RATES = {16: (6, 12, 18), 8: (12, 24, 36)}


def atrous_rates(output_stride: int) -> tuple[int, ...]:
    """Return the rates of the atrous spatial pyramid for a stride of the encoder's deepest feature.

    Args:
        output_stride: 8 or 16; smp itself refuses others.

    Example:
        >>> atrous_rates(16), atrous_rates(8)
        ((6, 12, 18), (12, 24, 36))
    """
    return _RATES.get(output_stride, _RATES[16])


def deeplab_v3(
    encoder_name: str,
    encoder_weights: str,
    in_channels: int,
    classes: int,
    class_head: bool,
    options: Mapping[str, Any],
) -> Network:
    """Build DeepLab v3 (Chen 2017, Rethinking Atrous Convolution, arXiv 1706.05587).

    The deepest feature is of stride 8, with rates of 12, 24 and 36; with an `encoder_output_stride` of 16
    they are 6, 12 and 18. The paper trains at stride 16 and evaluates at 8; here both are the same. Its
    multi-grid of the last stage is left out.

    Args:
        encoder_name: any whose strides can be dilated, as ResNets.
        encoder_weights: "none", a name that the encoder knows, or the path of a `.safetensors` file.
        in_channels: number of picture channels.
        classes: number of mask classes.
        class_head: whether the network also predicts which classes a picture holds.
        options: options of `smp.DeepLabV3`, as `smp_network` takes them.

    Raises:
        SeverstalError: an unknown encoder, weights or option.
        EncoderMismatch: the encoder's strides cannot be dilated.

    Example:
        >>> network = deeplab_v3("tu-test_resnet", "none", 1, 4, False, {"decoder_channels": 8})
        >>> network.stride
        8
    """
    rates = atrous_rates(options.get("encoder_output_stride", 8))
    options = {"decoder_atrous_rates": rates, **options}
    return smp_network(
        smp.DeepLabV3, encoder_name, encoder_weights, in_channels, classes, class_head, options
    )


def deeplab_v3plus(
    encoder_name: str,
    encoder_weights: str,
    in_channels: int,
    classes: int,
    class_head: bool,
    options: Mapping[str, Any],
) -> Network:
    """Build DeepLab v3+ (Chen 2018, Encoder-Decoder with Atrous Separable Convolution, arXiv 1802.02611).

    The deepest feature is of stride 16, with rates of 6, 12 and 18; with an `encoder_output_stride` of 8 they
    are 12, 24 and 36. (smp's own default pairs stride 16 with the rates of stride 8.) The decoder reads 48
    channels of stride 4, as in the paper, by one separable convolution where the paper has two of 3 x 3.

    Args:
        encoder_name: any whose strides can be dilated, as ResNets.
        encoder_weights: "none", a name that the encoder knows, or the path of a `.safetensors` file.
        in_channels: number of picture channels.
        classes: number of mask classes.
        class_head: whether the network also predicts which classes a picture holds.
        options: options of `smp.DeepLabV3Plus`, as `smp_network` takes them.

    Raises:
        SeverstalError: an unknown encoder, weights or option.
        EncoderMismatch: the encoder's strides cannot be dilated.

    Example:
        >>> network = deeplab_v3plus("tu-test_resnet", "none", 1, 4, False, {"decoder_channels": 8})
        >>> network.stride
        16
    """
    rates = atrous_rates(options.get("encoder_output_stride", 16))
    options = {"decoder_atrous_rates": rates, **options}
    return smp_network(
        smp.DeepLabV3Plus, encoder_name, encoder_weights, in_channels, classes, class_head, options
    )
