import math

import pytest
import torch
from torch import nn

from severstal.errors import SeverstalError
from severstal.losses.bce import pixel_cross_entropy, presence_cross_entropy


def truth(*, seed=0, shape=(2, 3, 5, 7)):
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) > 0.7).float()


def test_by_hand():
    masks = torch.tensor([[[[0.0, math.log(3)]]]])  # probabilities 1/2 and 3/4
    target = torch.tensor([[[[1.0, 0.0]]]])
    assert pixel_cross_entropy(masks, target).item() == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_is_torchs():
    masks, target = torch.randn(2, 3, 5, 7), truth()
    losses = pixel_cross_entropy(masks, target)
    assert losses.shape == (2, 3)
    torch.testing.assert_close(losses.mean(), nn.BCEWithLogitsLoss()(masks, target))


@pytest.mark.parametrize("weights", [[2.0, 1.0, 0.5], [3.0]])
def test_positive_weights_are_torchs(weights):
    masks, target = torch.randn(2, 3, 5, 7), truth()
    theirs = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(weights)[:, None, None])(masks, target)
    torch.testing.assert_close(pixel_cross_entropy(masks, target, weights).mean(), theirs)


def test_positive_weights_for_other_classes():
    with pytest.raises(SeverstalError, match=r"loss\.positive_weights has 2 numbers for 3 classes"):
        pixel_cross_entropy(torch.randn(2, 3, 5, 7), truth(), [1.0, 2.0])


def test_presence_by_hand():
    present = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    classes = torch.tensor([[0.0, math.log(3)], [math.log(3), 0.0]])
    right = [math.log(2), math.log(4 / 3), math.log(4), math.log(2)]
    assert presence_cross_entropy(classes, present).item() == pytest.approx(sum(right) / 4)


def test_of_mixed_pictures_a_class_is_there_by_its_share():
    classes, shares = torch.randn(1, 2), torch.tensor([[0.75, 0.25]])
    expected = nn.BCEWithLogitsLoss()(classes, shares)
    torch.testing.assert_close(presence_cross_entropy(classes, shares), expected)


@pytest.mark.parametrize("value", [-1e4, 1e4])
@pytest.mark.parametrize("fill", [0.0, 1.0])
def test_extreme_logits_stay_finite(value, fill):
    masks = torch.full((1, 2, 4, 4), value, requires_grad=True)
    loss = pixel_cross_entropy(masks, torch.full((1, 2, 4, 4), fill))
    loss.mean().backward()
    assert loss.isfinite().all()
    assert masks.grad.isfinite().all()


def test_gradients():
    masks = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    classes = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    target = truth(shape=(2, 3, 4, 5))
    assert torch.autograd.gradcheck(lambda logits: pixel_cross_entropy(logits, target), masks)
    assert torch.autograd.gradcheck(lambda logits: presence_cross_entropy(logits, target[..., 0, 0]), classes)
