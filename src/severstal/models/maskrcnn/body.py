"""Mask R-CNN: boxes that hold a defect, a small mask in each, and the masks merged to one map per class."""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from numbers import Real
from typing import Any

import torch
from segmentation_models_pytorch.base import ClassificationHead
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from severstal.errors import SeverstalError
from severstal.models.body import STRIDE_4
from severstal.models.encoders import new_encoder
from severstal.models.hrnet import BRANCHES
from severstal.models.maskrcnn.heads import InstanceHeads
from severstal.models.maskrcnn.instances import find_instances
from severstal.models.maskrcnn.regions import Anchors, Proposals, stride_of
from severstal.models.network import Network, OwnLossOutput
from severstal.models.options import check_whole
from severstal.models.smp_networks import smp_network

NOWHERE = 1e-4  # probability where no box is; a logit has to be finite
# Steel's defects are from ten pixels wide to stripes and stains over the whole height of 256: half the
# paper's sizes, which are those of photographs of 800 pixels, and slimmer boxes besides.
SIZES = (16, 32, 64, 128, 256)
RATIOS = (0.25, 0.5, 1, 2, 4, 8)


class MaskRcnn(nn.Module):
    """Mask R-CNN on a feature pyramid (He 2017, Mask R-CNN, arXiv 1703.06870; Lin 2017, 1612.03144).

    It is trained on instances, the components of each class's mask, by the five losses of the paper; its
    masks are those of the detected boxes, merged: at a pixel the largest of score times mask. The heads
    compute in float32, as coordinates of hundreds of pixels would be rounded to several in bfloat16.

    Args:
        encoder_name: any with features of strides 4 to 32.
        encoder_weights: None; weights are loaded after the network is built.
        in_channels: number of picture channels.
        classes: number of mask classes.
        aux_params: arguments of smp's classification head on the deepest feature; None for no class head.
        anchor_sizes: root of the area of a box, in pixels, for each of the five levels, strides 4 to 64.
        anchor_ratios: ratios of the boxes, height over width.
        channels: channels of the pyramid; the paper has 256, for 80 classes of colour photographs, at four
            times the cost.
        proposals: number of boxes per picture that the heads read.
        detections: largest number of boxes per picture that get a mask, in evaluation.
        kwargs: further arguments, passed to timm's encoder.

    Attributes:
        stride: number of pixels; height and width are padded to multiples of it.

    Example:
        >>> MaskRcnn("tu-test_resnet", None, 1, 4, channels=8).eval()(torch.zeros(1, 1, 50, 70)).shape
        torch.Size([1, 4, 50, 70])
    """

    own_loss = True
    reads = BRANCHES

    def __init__(
        self,
        encoder_name: str,
        encoder_weights: None,
        in_channels: int,
        classes: int,
        aux_params: Mapping[str, Any] | None = None,
        anchor_sizes: Sequence[float] = SIZES,
        anchor_ratios: Sequence[float] = RATIOS,
        channels: int = 128,
        proposals: int = 300,
        detections: int = 100,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.encoder = new_encoder(encoder_name, in_channels, **kwargs)
        self.stride = self.encoder.output_stride
        self.pyramid = FeaturePyramidNetwork(
            self.encoder.out_channels[STRIDE_4:], channels, LastLevelMaxPool()
        )
        self.proposals = Proposals(Anchors(anchor_sizes, anchor_ratios), channels, proposals)
        self.segmentation_head = InstanceHeads(channels, classes, detections)
        self.classification_head = None
        if aux_params is not None:
            self.classification_head = ClassificationHead(self.encoder.out_channels[-1], **aux_params)

    def forward(self, pictures: Tensor) -> Tensor | tuple[Tensor, Tensor] | OwnLossOutput:
        """Return the mask logits (N, C, H, W), and with a class head the class logits (N, C).

        In training mode there are no masks, but the loss.
        """
        size = tuple(pictures.shape[2:])
        below, right = (-length % self.stride for length in size)
        pictures = functional.pad(pictures, (0, right, 0, below), mode="replicate")
        features = self.encoder(pictures)
        classes = None if self.classification_head is None else self.classification_head(features[-1])
        levels = self.pyramid(OrderedDict((str(n), one) for n, one in enumerate(features[STRIDE_4:])))
        levels = [level.float() for level in levels.values()]
        images = ImageList(pictures, [size] * len(pictures))
        if self.training:
            return OwnLossOutput(None, classes, partial(self._loss, images, levels))
        with torch.autocast(pictures.device.type, enabled=False):
            proposals, _ = self.proposals(images, dict(enumerate(levels)))
            features, strides = _finest(levels, pictures)
            maps = self.segmentation_head.maps(features, strides, proposals, size)
            masks = maps.clamp(NOWHERE, 1 - NOWHERE).logit()
        return masks if classes is None else (masks, classes)

    def _loss(self, images: ImageList, levels: list[Tensor], target: Tensor) -> Tensor:
        """The five losses of a batch against its masks (N, C, H, W)."""
        size = images.image_sizes[0]
        wanted = (len(images.image_sizes), self.segmentation_head.classes, *size)
        if target.shape != wanted:
            raise ValueError(f"the target is {tuple(target.shape)}, the masks would be {wanted}")
        instances = [find_instances(masks) for masks in target]
        with torch.autocast(target.device.type, enabled=False):
            boxes = [{"boxes": found.boxes} for found in instances]
            proposals, losses = self.proposals(images, dict(enumerate(levels)), boxes)
            features, strides = _finest(levels, images.tensors)
            return sum(losses.values()) + self.segmentation_head.loss(features, strides, proposals, instances)


def _finest(levels: Sequence[Tensor], pictures: Tensor) -> tuple[Sequence[Tensor], list[int]]:
    """The levels that boxes are read from, all but the coarsest, and their strides."""
    return levels[:-1], [stride_of(level, pictures) for level in levels[:-1]]


def maskrcnn(
    encoder_name: str,
    encoder_weights: str,
    in_channels: int,
    classes: int,
    class_head: bool,
    options: Mapping[str, Any],
) -> Network:
    """Build `MaskRcnn` as a network, which has a loss of its own.

    Args:
        encoder_name: encoder of `MaskRcnn`: any with features of strides 4 to 32.
        encoder_weights: "none", a name that the encoder knows, or the path of a `.safetensors` file.
        in_channels: number of picture channels.
        classes: number of mask classes.
        class_head: whether the network also predicts which classes a picture holds.
        options: options of `MaskRcnn`; others go to timm.

    Raises:
        SeverstalError: an unknown encoder, weights or option.

    Example:
        >>> network = maskrcnn("tu-test_resnet", "none", 1, 4, True, {"channels": 8}).eval()
        >>> network(torch.zeros(2, 1, 50, 70)).masks.shape
        torch.Size([2, 4, 50, 70])
    """
    for name in ("channels", "proposals", "detections"):
        check_whole(name, options.get(name, 1))
    for name, count in (("anchor_sizes", len(SIZES)), ("anchor_ratios", None)):
        given = options.get(name, SIZES)
        right = isinstance(given, list | tuple) and given and count in (None, len(given))
        if not right or not all(isinstance(number, Real) and 0 < number < math.inf for number in given):
            raise SeverstalError(
                f"model option {name!r} is {given!r}: give a list of {count or 'some'} numbers above 0"
            )
    network = smp_network(MaskRcnn, encoder_name, encoder_weights, in_channels, classes, class_head, options)
    body = network.body
    body.stride = network.stride
    # `smp_network` set the bias for masks of pictures; half of a box is defect.
    nn.init.zeros_(body.segmentation_head.mask_predictor.mask_fcn_logits.bias)
    return Network(body, stride=1)
