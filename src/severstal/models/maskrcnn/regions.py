"""Regions of interest: anchors, proposals, and the features inside them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.ops import nms, roi_align

PER_LEVEL = 1000  # proposals per level before suppression (Lin 2017, Feature Pyramid Networks)
CANONICAL = 224  # a box of this side belongs to the level of stride 16 (ibid., equation 1)


class Anchors(nn.Module):
    """Boxes of one size and several ratios round the centre of each cell of a pyramid's levels.

    Unlike torchvision's they are centred on the cells, and nothing is cached between calls, which
    `torch.export` does not support.

    Args:
        sizes: root of a box's area, in pixels, for each level, finest first.
        ratios: ratios of the boxes, height over width.
    """

    def __init__(self, sizes: Sequence[float], ratios: Sequence[float]) -> None:
        super().__init__()
        self.sizes, self.ratios = tuple(sizes), tuple(ratios)

    def forward(self, images: ImageList, features: Sequence[Tensor]) -> list[Tensor]:
        """Return the anchors of each picture, level by level, row by row, (A, 4)."""
        levels = []
        for size, feature in zip(self.sizes, features, strict=True):
            stride = stride_of(feature, images.tensors)
            x, y = (
                (torch.arange(length, device=feature.device, dtype=feature.dtype) + 0.5) * stride
                for length in feature.shape[:1:-1]
            )
            sides = [(size / ratio**0.5 / 2, size * ratio**0.5 / 2) for ratio in self.ratios]
            boxes = torch.tensor([(-w, -h, w, h) for w, h in sides], device=x.device, dtype=x.dtype)
            y, x = torch.meshgrid(y, x, indexing="ij")
            centres = torch.stack([x, y, x, y], dim=2).view(-1, 1, 4)
            levels.append((centres + boxes).view(-1, 4))
        return [torch.cat(levels)] * len(images.image_sizes)


class Proposals(RegionProposalNetwork):
    """The region proposal network (Ren 2015, Faster R-CNN, section 3.1) on a feature pyramid.

    In evaluation it returns the same number of boxes for every picture, so that shapes do not depend on the
    data; in training its losses are means over the pictures.

    Args:
        anchors: anchors of the pyramid's levels.
        channels: channels of the levels.
        number: number of boxes proposed per picture.
    """

    def __init__(self, anchors: Anchors, channels: int, number: int) -> None:
        before, after = ({"training": count, "testing": count} for count in (PER_LEVEL, number))
        super().__init__(
            anchors,
            RPNHead(channels, len(anchors.ratios)),
            fg_iou_thresh=0.7,
            bg_iou_thresh=0.3,
            batch_size_per_image=256,
            positive_fraction=0.5,
            pre_nms_top_n=before,
            post_nms_top_n=after,
            nms_thresh=0.7,
        )

    def filter_proposals(
        self, proposals: Tensor, objectness: Tensor, image_shapes: list, num_anchors_per_level: list[int]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Return the boxes of each picture after non-maximum suppression, and their logits."""
        if self.training:
            return super().filter_proposals(proposals, objectness, image_shapes, num_anchors_per_level)
        objectness = objectness.reshape(len(proposals), -1)  # (N, A)
        likely, levels, first = [], [], 0
        for number, count in enumerate(num_anchors_per_level):
            best = objectness[:, first : first + count].topk(min(count, PER_LEVEL)).indices + first
            likely.append(best)
            levels.append(torch.full_like(best[0], number))
            first += count
        boxes, logits = [], []
        for places, near, scores, shape in zip(
            torch.cat(likely, 1), proposals, objectness, image_shapes, strict=True
        ):
            chosen, ranks = clip(near[places], shape), scores[places]
            kept = surviving(chosen, ranks, torch.cat(levels), self.nms_thresh)
            ranks = ranks.where(kept, -torch.inf)
            best = ranks.topk(min(self.post_nms_top_n(), len(ranks))).indices
            best = best.where(kept[best], best[0])  # where too few are kept, the best is repeated
            boxes.append(chosen[best])
            logits.append(ranks[best])
        return boxes, logits

    def compute_loss(
        self, objectness: Tensor, pred_bbox_deltas: Tensor, labels: list, regression_targets: list
    ) -> tuple[Tensor, Tensor]:
        """Return the losses of objectness and of boxes, each a mean over the pictures."""
        count = len(labels)
        pictures = zip(
            objectness.view(count, -1),
            pred_bbox_deltas.view(count, -1, 4),
            labels,
            regression_targets,
            strict=True,
        )
        losses = [super(Proposals, self).compute_loss(a, b, [c], [d]) for a, b, c, d in pictures]
        first, second = zip(*losses, strict=True)
        return torch.stack(first).mean(), torch.stack(second).mean()


def stride_of(feature: Tensor, pictures: Tensor) -> int:
    """The stride of a feature: the width of its cells in pixels of the pictures.

    Example:
        >>> stride_of(torch.zeros(1, 8, 4, 13), torch.zeros(1, 1, 64, 200))
        16
    """
    return max(-(-whole // part) for whole, part in zip(pictures.shape[2:], feature.shape[2:], strict=True))


def clip(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Clip boxes (K, 4) to a picture of some height and width.

    Example:
        >>> clip(torch.tensor([[-2.0, 3, 90, 70]]), (64, 96))
        tensor([[ 0.,  3., 90., 64.]])
    """
    height, width = size
    return boxes.clamp(min=0).minimum(boxes.new_tensor([width, height, width, height]))


def surviving(boxes: Tensor, scores: Tensor, groups: Tensor, threshold: float) -> Tensor:
    """Return which boxes non-maximum suppression keeps, within each group.

    Args:
        boxes: boxes, (K, 4), in pixels, none negative.
        scores: scores, (K,).
        groups: index of each box's group, from 0, (K,).
        threshold: intersection over union above which the lower-scored box is removed.

    Returns:
        (K,), bool.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 9]])
        >>> surviving(boxes, torch.tensor([0.9, 0.8, 0.7]), torch.tensor([0, 0, 1]), threshold=0.5)
        tensor([ True, False,  True])
    """
    # Groups are moved apart, so that they do not overlap; in double precision that is exact enough.
    boxes = boxes.double()
    apart = groups[:, None] * (boxes.amax() + 1)
    kept = nms(boxes + apart, scores.double(), threshold)
    return torch.zeros_like(scores).index_fill(0, kept, 1) > 0


def roi_features(
    features: Sequence[Tensor], strides: Sequence[int], boxes: Sequence[Tensor], side: int
) -> Tensor:
    """RoIAlign of boxes, each on the level of the pyramid for its size (He 2017).

    Args:
        features: features of strides from 4, each twice the one before, (N, channels, h, w).
        strides: strides of the features.
        boxes: boxes of each picture, (K_n, 4), in pixels.
        side: height and width of the result.

    Returns:
        (sum of the K_n, channels, side, side).
    """
    numbers = [torch.full_like(part[:, :1], number) for number, part in enumerate(boxes)]
    places = torch.cat([torch.cat(numbers), torch.cat(list(boxes))], dim=1)  # (K, 5)
    extent = (places[:, 3:] - places[:, 1:3]).clamp(min=1).prod(1).sqrt()
    levels = (2 + (extent / CANONICAL).log2().floor()).clamp(0, len(features) - 1)  # (K,)
    result = features[0].new_zeros(len(places), features[0].shape[1], side, side)
    for level, (feature, stride) in enumerate(zip(features, strides, strict=True)):
        here = (levels == level).nonzero()[:, 0]
        read = roi_align(feature, places[here], side, 1 / stride, sampling_ratio=2, aligned=True)
        result = result.index_copy(0, here, read)
    return result
