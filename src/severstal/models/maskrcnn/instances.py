"""Instances of defects: from components of masks, and back to one map per class."""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torchvision.ops import roi_align


class Instances(NamedTuple):
    """The instances of one picture; a pixel (row, column) is the square from (column, row) to one further.

    Attributes:
        boxes: left, top, right and bottom edge of each, (M, 4), float32, in pixels; at least 1 wide and high.
        labels: class of each, counted from 1, as 0 is the background, (M,), int64.
        numbers: label of each in its class's picture of components, (M,), int64.
        components: number of the component that a pixel belongs to, 0 for none, (C, H, W), int32.
    """

    boxes: Tensor
    labels: Tensor
    numbers: Tensor
    components: Tensor

    def crop(self, which: Tensor, boxes: Tensor, side: int) -> Tensor:
        """Crop the masks of some instances by boxes and resize them.

        Only these become whole masks, so that memory does not grow with the number of instances.

        Args:
            which: places of the instances, (K,).
            boxes: (K, 4), in pixels.
            side: height and width of the result.

        Returns:
            Share of each cell that is defect, (K, side, side), float32.
        """
        masks = self.components[self.labels[which] - 1] == self.numbers[which, None, None]  # (K, H, W)
        rows = torch.arange(len(which), device=boxes.device, dtype=boxes.dtype)
        places = torch.cat([rows[:, None], boxes], dim=1)  # (K, 5)
        return roi_align(masks[:, None].to(boxes.dtype), places, side, aligned=True)[:, 0]


def find_instances(masks: Tensor) -> Instances:
    """Find the instances: each 8-connected component of each class's mask.

    Args:
        masks: masks of one picture, (C, H, W), 0 to 1; values in between, from mixing and downscaling, are
            binarized at 0.5.

    Returns:
        Class by class, in the order of their topmost rows within a class; on the device of the masks.

    Example:
        >>> masks = torch.tensor([[[1.0, 0, 0, 0], [0, 1, 0, 1]]])
        >>> find_instances(masks).boxes
        tensor([[0., 0., 2., 2.],
                [3., 1., 4., 2.]])
    """
    boxes, labels, numbers, components = [], [], [], []
    for label, mask in enumerate((masks >= 0.5).to("cpu", torch.uint8).numpy(), start=1):
        count, places, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        left, top, width, height = stats[1:, :4].T  # without the background
        boxes.append(np.stack([left, top, left + width, top + height], axis=1))
        labels.append(np.full(count - 1, label))
        numbers.append(np.arange(1, count))
        components.append(places)
    return Instances(
        torch.from_numpy(np.concatenate(boxes)).to(masks.device, torch.float32),
        torch.from_numpy(np.concatenate(labels)).to(masks.device, torch.int64),
        torch.from_numpy(np.concatenate(numbers)).to(masks.device, torch.int64),
        torch.from_numpy(np.stack(components)).to(masks.device),
    )


def paste(masks: Tensor, boxes: Tensor, height: int, width: int) -> Tensor:
    """Paste the masks of boxes into the picture, by bilinear interpolation.

    Within half a cell of a box's edge the last cell is repeated; a pixel whose centre lies outside has 0.
    Each mask is multiplied by two small matrices, one of rows and one of columns.

    Args:
        masks: mask probabilities within the boxes, (K, side, side).
        boxes: (K, 4), in pixels; at least one pixel wide and high, smaller ones are enlarged.
        height: height of the picture, in pixels.
        width: width of the picture, in pixels.

    Returns:
        (K, height, width).

    Example:
        >>> paste(torch.ones(1, 2, 2), torch.tensor([[1.0, 0.0, 3.0, 1.0]]), 2, 4)
        tensor([[[0., 1., 1., 0.],
                 [0., 0., 0., 0.]]])
    """
    left, top, right, bottom = boxes.unbind(1)
    rows = _interpolation(top, bottom, height, masks.shape[1])  # (K, height, side)
    columns = _interpolation(left, right, width, masks.shape[2])  # (K, width, side)
    return rows @ masks @ columns.mT


def _interpolation(begin: Tensor, end: Tensor, pixels: int, cells: int) -> Tensor:
    """Weights of the cells between two edges at the centre of each pixel, (K, pixels, cells)."""
    centres = torch.arange(pixels, device=begin.device, dtype=begin.dtype) + 0.5
    share = (centres - begin[:, None]) / (end - begin).clamp(min=1)[:, None]  # (K, pixels), of the way
    place = (share * cells - 0.5).clamp(0, cells - 1)
    apart = place[:, :, None] - torch.arange(cells, device=begin.device, dtype=begin.dtype)
    return (1 - apart.abs()).clamp(min=0) * ((share >= 0) & (share <= 1))[:, :, None]


def merge_instances(
    masks: Tensor, boxes: Tensor, labels: Tensor, scores: Tensor, shape: tuple[int, int, int]
) -> Tensor:
    """Merge instances to one map per class: at a pixel the largest of score times mask.

    Args:
        masks: probability of each cell of a box to be defect, (K, side, side).
        boxes: (K, 4), in pixels.
        labels: classes, counted from 0, (K,).
        scores: probability that the box holds a defect of that class, (K,).
        shape: classes, height and width of the map.

    Returns:
        Probabilities, of `shape`; 0 where no box is.
    """
    classes, height, width = shape
    found = paste(masks * scores[:, None, None], boxes, height, width).flatten(1)  # (K, height width)
    blank = found.new_zeros(classes, height * width)
    return blank.scatter_reduce(0, labels[:, None].expand_as(found), found, "amax").view(shape)
