import math

import pytest
import torch
from segmentation_models_pytorch.losses import FocalLoss

from severstal.losses.bce import pixel_cross_entropy
from severstal.losses.focal import focal_loss


def test_by_hand():
    masks = torch.tensor([[[[0.0, math.log(3)]]]])  # probabilities 1/2 and 3/4
    target = torch.tensor([[[[1.0, 0.0]]]])
    expected = (0.25 * math.log(2) + 0.75**2 * math.log(4)) / 2
    assert focal_loss(masks, target).item() == pytest.approx(expected)


def test_is_smps_where_labels_are_hard():
    masks, target = torch.randn(2, 3, 5, 7), (torch.rand(2, 3, 5, 7) > 0.7).float()
    torch.testing.assert_close(focal_loss(masks, target).mean(), FocalLoss("multilabel")(masks, target))


def test_easy_pixels_count_less_than_in_the_cross_entropy():
    target = torch.zeros(1, 1, 1, 2)
    easy, hard = torch.tensor([[[[-4.0, -4.0]]]]), torch.tensor([[[[4.0, 4.0]]]])
    assert focal_loss(easy, target) < 0.001 * pixel_cross_entropy(easy, target)
    assert focal_loss(hard, target) > 0.9 * pixel_cross_entropy(hard, target)
