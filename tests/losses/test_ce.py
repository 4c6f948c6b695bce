import math

import pytest
import torch
from torch.nn import functional

from severstal.losses.ce import softmax_cross_entropy, weighted_softmax_cross_entropy


def labels_and_masks(classes=4, shape=(3, 9, 13)):
    labels = torch.randint(classes + 1, shape, generator=torch.Generator().manual_seed(0))  # 0: background
    return labels, functional.one_hot(labels, classes + 1).permute(0, 3, 1, 2)[:, 1:].float()


def with_background(masks):
    return torch.cat([torch.zeros_like(masks[:, :1]), masks], 1)


@pytest.mark.parametrize("classes", [1, 4, 16])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_is_torchs_over_the_classes_and_a_background_of_0(classes, smoothing):
    labels, target = labels_and_masks(classes)
    masks = torch.randn(target.shape)
    theirs = functional.cross_entropy(with_background(masks), labels, label_smoothing=smoothing)
    losses = softmax_cross_entropy(masks, target, smoothing)
    assert losses.shape == (3, classes)
    torch.testing.assert_close(losses.mean(), theirs)


def test_weighted_is_torchs_picture_by_picture():
    labels, target = labels_and_masks()
    masks = torch.randn(target.shape)
    weights = [2.0, 0.5, 3.0, 1.5]
    losses = weighted_softmax_cross_entropy(masks, target, weights)
    for i in range(3):
        theirs = functional.cross_entropy(
            with_background(masks)[i : i + 1], labels[i : i + 1], weight=torch.tensor([1.0, *weights])
        )
        torch.testing.assert_close(losses[i].mean(), theirs)


def test_parts_are_a_classs_own_pixels_and_the_background():
    masks, target = torch.zeros(1, 2, 1, 4), torch.zeros(1, 2, 1, 4)
    target[0, 1, 0, 0] = 1  # one of four pixels; three are background
    expected = torch.tensor([[0.75, 0.75 + 2 * 0.25]]) * math.log(3)
    torch.testing.assert_close(softmax_cross_entropy(masks, target), expected)


def test_a_pixel_of_two_classes_is_shared():
    masks = torch.randn(1, 3, 1, 1)
    target = torch.tensor([1.0, 0.0, 1.0]).view(1, 3, 1, 1)
    log_p = with_background(masks).log_softmax(1).flatten()
    torch.testing.assert_close(softmax_cross_entropy(masks, target).mean(), -(log_p[1] + log_p[3]) / 2)


def test_mixed_labels_leave_the_rest_to_the_background():
    masks = torch.randn(1, 2, 1, 1)
    target = torch.tensor([0.3, 0.2]).view(1, 2, 1, 1)
    log_p = with_background(masks).log_softmax(1).flatten()
    expected = -(0.5 * log_p[0] + 0.3 * log_p[1] + 0.2 * log_p[2])
    torch.testing.assert_close(softmax_cross_entropy(masks, target).mean(), expected)
