"""PSPNet: pyramid pooling on a dilated encoder."""

from collections.abc import Mapping
from typing import Any

import segmentation_models_pytorch as smp

from severstal.models.mismatch import library_call
from severstal.models.options import check_whole


class PspNet(smp.PSPNet):
    """PSPNet (Zhao 2017, Pyramid Scene Parsing Network, CVPR, arXiv 1612.01105).

    As in the paper the encoder is used to its last stage, with its last two strides dilated, so that the
    deepest feature is of stride 8; it is pooled to 1 x 1, 2 x 2, 3 x 3 and 6 x 6 cells, each of a quarter of
    its channels. (smp's own default stops at stage three and leaves the deeper ones unused.) The paper's
    auxiliary loss, of weight 0.4, is `loss.deep_supervision`: its head reads the deepest feature here, stage
    four's in the paper. smp reads the pyramid by a 1 x 1 convolution, the paper by one of 3 x 3.

    Args:
        encoder_name: any whose strides can be dilated, as ResNets; with an `encoder_output_stride` of 32 any.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head; None for no class head.
        encoder_depth: stages of the encoder that are used, 3 to 5.
        encoder_output_stride: stride of the deepest feature, 8, 16 or 32.
        psp_out_channels: channels of the convolution that reads the pyramid.
        psp_dropout: dropout rate after that convolution.
        decoder_use_norm: normalisation of the decoder, as smp takes it.
        upsampling: factor from the mask logits to the picture's size; None for the stride of the deepest
            feature.
        kwargs: further arguments, passed to timm's encoder.

    Raises:
        EncoderMismatch: the encoder's strides cannot be dilated.

    Example:
        >>> import torch
        >>> network = PspNet("tu-test_resnet", None, 1, 4, psp_out_channels=8).eval()
        >>> network(torch.zeros(1, 1, 64, 96)).shape
        torch.Size([1, 4, 64, 96])
    """

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        encoder_depth: int = 5,
        encoder_output_stride: int = 8,
        psp_out_channels: int = 512,
        psp_dropout: float = 0.2,
        decoder_use_norm: bool | str | Mapping[str, Any] = "batchnorm",
        upsampling: int | None = None,
        **kwargs: Any,
    ) -> None:
        depth = check_whole("encoder_depth", encoder_depth)
        stride = min(check_whole("encoder_output_stride", encoder_output_stride), 2**depth)
        with library_call():
            super().__init__(
                encoder_name,
                encoder_weights=encoder_weights,
                encoder_depth=depth,
                psp_out_channels=psp_out_channels,
                decoder_use_norm=decoder_use_norm,
                psp_dropout=psp_dropout,
                in_channels=in_channels,
                classes=classes,
                upsampling=stride if upsampling is None else upsampling,
                aux_params=aux_params,
                output_stride=encoder_output_stride,
                **kwargs,
            )
        self.reads = {-1: stride}
