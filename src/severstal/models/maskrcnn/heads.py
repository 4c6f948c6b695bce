"""The heads of Mask R-CNN: class, box regression and mask."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.roi_heads import RoIHeads, fastrcnn_loss

from severstal.models.maskrcnn.instances import Instances, merge_instances
from severstal.models.maskrcnn.regions import clip, roi_features, surviving
from severstal.models.smp_networks import PRIOR

BOX_SIDE, MASK_SIDE = 7, 14  # cells of a region that the heads read; masks are twice as fine


class InstanceHeads(RoIHeads):
    """The heads on a region of interest: class or background, box regression, and mask.

    Args:
        channels: channels of the pyramid's levels and of the mask head's convolutions; the box head is 8
            times as wide.
        classes: number of mask classes.
        detections: largest number of detections per picture, in evaluation.
    """

    def __init__(self, channels: int, classes: int, detections: int) -> None:
        super().__init__(
            box_roi_pool=None,
            box_head=TwoMLPHead(channels * BOX_SIDE**2, 8 * channels),
            box_predictor=FastRCNNPredictor(8 * channels, classes + 1),
            fg_iou_thresh=0.5,
            bg_iou_thresh=0.5,
            batch_size_per_image=128,
            positive_fraction=0.25,
            bbox_reg_weights=None,
            # Detections of any score are kept: thresholds are applied to the map, by the decision rules.
            score_thresh=0.0,
            nms_thresh=0.5,
            detections_per_img=detections,
            mask_head=MaskRCNNHeads(channels, (channels,) * 4, dilation=1),
            mask_predictor=MaskRCNNPredictor(channels, channels, classes),
        )
        self.classes = classes
        # Each class has the same small initial probability, as in the other networks.
        nn.init.zeros_(self.box_predictor.cls_score.bias)
        with torch.no_grad():
            self.box_predictor.cls_score.bias[0] = math.log(max(1 / PRIOR - classes, 1.0))

    def _read(
        self, features: Sequence[Tensor], strides: Sequence[int], boxes: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return logits of background and classes, (K, C + 1), and the box regression, (K, 4 C + 4)."""
        return self.box_predictor(self.box_head(roi_features(features, strides, boxes, BOX_SIDE)))

    def _masks(
        self, features: Sequence[Tensor], strides: Sequence[int], boxes: Sequence[Tensor], labels: Tensor
    ) -> Tensor:
        """Return the logits of each box's mask of its class, (K, 28, 28)."""
        logits = self.mask_predictor(self.mask_head(roi_features(features, strides, boxes, MASK_SIDE)))
        return logits[torch.arange(len(labels), device=labels.device), labels]

    def loss(
        self,
        features: Sequence[Tensor],
        strides: Sequence[int],
        proposals: Sequence[Tensor],
        instances: Sequence[Instances],
    ) -> Tensor:
        """Return the summed losses of classes, boxes and masks (He 2017, section 3), a mean over pictures."""
        targets = [{"boxes": found.boxes, "labels": found.labels} for found in instances]
        boxes, matched, labels, moves = self.select_training_samples(list(proposals), targets)
        counts = [len(part) for part in boxes]
        logits, moved = (part.split(counts) for part in self._read(features, strides, boxes))
        positive = [label > 0 for label in labels]
        inside = [part[which] for part, which in zip(boxes, positive, strict=True)]
        known = [part[which] - 1 for part, which in zip(labels, positive, strict=True)]
        masks = self._masks(features, strides, inside, torch.cat(known)).split([len(part) for part in inside])
        losses = []
        for number, found in enumerate(instances):
            one, other = fastrcnn_loss(logits[number], moved[number], [labels[number]], [moves[number]])
            mask = masks[number]
            truth = found.crop(matched[number][positive[number]], inside[number], mask.shape[-1])
            entropy = functional.binary_cross_entropy_with_logits(mask, truth, reduction="sum")
            losses.append(one + other + entropy / max(mask.numel(), 1))
        return torch.stack(losses).mean()

    def maps(
        self,
        features: Sequence[Tensor],
        strides: Sequence[int],
        proposals: Sequence[Tensor],
        size: tuple[int, int],
    ) -> Tensor:
        """Return the merged masks of the detections, probabilities (N, C, H, W)."""
        logits, moved = self._read(features, strides, proposals)
        counts = [len(part) for part in proposals]
        every = self.box_coder.decode(moved, list(proposals))[:, 1:].split(counts)  # (K, C, 4) each
        scores = logits.softmax(1)[:, 1:].split(counts)  # (K, C) each
        boxes, labels, sure = [], [], []
        for edges, score in zip(every, scores, strict=True):
            edges = clip(edges.reshape(-1, 4), size)
            score = score.flatten()
            label = torch.arange(len(score), device=score.device) % self.classes
            score = score * surviving(edges, score, label, self.nms_thresh)
            best, places = score.topk(min(self.detections_per_img, len(score)))
            boxes.append(edges[places])
            labels.append(label[places])
            sure.append(best)
        masks = self._masks(features, strides, boxes, torch.cat(labels)).sigmoid()
        parts = zip(masks.split([len(part) for part in boxes]), boxes, labels, sure, strict=True)
        return torch.stack([merge_instances(*part, (self.classes, *size)) for part in parts])
