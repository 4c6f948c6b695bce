"""DPT: a vision transformer's patches, reassembled to features of several strides and fused."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import segmentation_models_pytorch as smp
from segmentation_models_pytorch.decoders.dpt.decoder import DPTDecoder

from severstal.models.mismatch import EncoderMismatch, library_call
from severstal.models.network import Network
from severstal.models.smp_networks import smp_network

_USUAL_PATCH = 16  # the patch of the paper's transformers


class Dpt(smp.DPT):
    """smp's DPT (Ranftl 2021, Vision Transformers for Dense Prediction, arXiv 2103.13413) on any patch width.

    smp brings patches to strides 4, 8, 16 and 32, which needs a patch width that is a power of two. On other
    patches (DINOv2's are 14 pixels wide) they are enlarged 4 and 2 times, kept, and halved, as the paper does
    with its patches of 16, and the last up-sampling makes up the difference.

    Args:
        encoder_name: a vision transformer of timm, as tu-vit_small_patch16_224.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head; None for no class head.
        encoder_depth: number of the transformer's blocks that are read, 1 to 4.
        encoder_output_indices: indices of these blocks; None for evenly spaced ones, as in the paper's
            ViT-Base.
        decoder_readout: use of the class token: "cat" (the paper's), "add" or "ignore".
        decoder_intermediate_channels: channels of the features of each stride.
        decoder_fusion_channels: channels of the fused features.
        kwargs: further arguments, passed to timm's encoder.

    Attributes:
        stride: number that height and width have to be multiples of.

    Raises:
        EncoderMismatch: the encoder has no patches.

    Example:
        >>> import torch
        >>> network = Dpt("tu-test_vit", None, 1, 4, patch_size=14, dynamic_img_size=True).eval()
        >>> network.stride, network(torch.zeros(1, 1, 56, 84)).shape
        (28, torch.Size([1, 4, 56, 84]))
    """

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        encoder_depth: int = 4,
        encoder_output_indices: Sequence[int] | None = None,
        decoder_readout: str = "cat",
        decoder_intermediate_channels: Sequence[int] = (256, 512, 1024, 1024),
        decoder_fusion_channels: int = 256,
        **kwargs: Any,
    ) -> None:
        with library_call():
            super().__init__(
                encoder_name,
                encoder_weights=encoder_weights,
                encoder_depth=encoder_depth,
                encoder_output_indices=encoder_output_indices,
                decoder_readout=decoder_readout,
                decoder_intermediate_channels=decoder_intermediate_channels,
                decoder_fusion_channels=decoder_fusion_channels,
                in_channels=in_channels,
                classes=classes,
                aux_params=aux_params,
                **kwargs,
            )
        if not hasattr(self.encoder.model, "patch_embed"):
            raise EncoderMismatch("its encoder has no patches")
        patch = self.encoder.output_stride
        read_as = patch
        if patch & (patch - 1):  # no power of two
            read_as = _USUAL_PATCH
            self.decoder = DPTDecoder(
                encoder_out_channels=self.encoder.out_channels,
                encoder_output_strides=[read_as] * encoder_depth,
                encoder_has_prefix_tokens=self.encoder.has_prefix_tokens,
                readout=decoder_readout,
                intermediate_channels=decoder_intermediate_channels,
                fusion_channels=decoder_fusion_channels,
            )
            self.segmentation_head.upsampling_factor *= patch / read_as
            self.initialize()
        coarsest = 2 ** (encoder_depth + 1)
        self.stride = patch * max(1, coarsest // read_as)


def dpt(
    encoder_name: str,
    encoder_weights: str,
    in_channels: int,
    classes: int,
    class_head: bool,
    options: Mapping[str, Any],
) -> Network:
    """Build `Dpt` as a network.

    smp also puts its head on convolutional encoders of timm, which is another network than the paper's.

    Args:
        encoder_name: a vision transformer of timm, as tu-vit_small_patch14_dinov2.
        encoder_weights: "none", a name that the encoder knows, or the path of a `.safetensors` file.
        in_channels: number of picture channels.
        classes: number of mask classes.
        class_head: whether the network also predicts which classes a picture holds.
        options: options of `Dpt`; others go to timm.

    Raises:
        SeverstalError: an unknown encoder, weights or option.
        EncoderMismatch: the encoder has no patches.

    Example:
        >>> dpt("tu-test_resnet", "none", 1, 4, False, {})
        Traceback (most recent call last):
        severstal.models.mismatch.EncoderMismatch: its encoder has no patches
    """
    with warnings.catch_warnings():
        if "decoder_readout" not in options:  # smp's default copes with transformers that have none
            warnings.filterwarnings("ignore", "Encoder does not have prefix tokens")
        return smp_network(Dpt, encoder_name, encoder_weights, in_channels, classes, class_head, options)
