import numpy as np
import pytest
import torch
from segmentation_models_pytorch.losses import LovaszLoss

from severstal.losses.lovasz import lovasz_hinge, symmetric_lovasz_hinge


def jaccard_loss(wrong, truth):
    """Of the prediction that differs from the truth in these pixels."""
    prediction = truth ^ wrong
    union = (prediction | truth).sum()
    return 1 - (prediction & truth).sum() / union if union else 0.0


def reference(logits, truth):
    """The Lovász extension as it is defined: each error times what its pixel adds."""
    errors = np.maximum(0, 1 - np.where(truth, logits, -logits))
    wrong, loss, before = np.zeros(truth.shape, bool), 0.0, 0.0
    for pixel in np.argsort(-errors):
        wrong[pixel] = True
        after = jaccard_loss(wrong, truth)
        loss, before = loss + errors[pixel] * (after - before), after
    return loss


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("loss", ["hinge", "symmetric"])
def test_is_the_extension_by_its_definition(share, loss):
    rng = np.random.default_rng(0)
    logits, truth = rng.normal(size=(2, 3, 5, 9)), rng.random((2, 3, 5, 9)) < share
    function = {"hinge": lovasz_hinge, "symmetric": symmetric_lovasz_hinge}[loss]
    losses = function(torch.as_tensor(logits), torch.as_tensor(truth).float())
    for pair in np.ndindex(2, 3):
        z, t = logits[pair].ravel(), truth[pair].ravel()
        expected = reference(z, t)
        if loss == "symmetric":
            expected = (expected + reference(-z, ~t)) / 2
        assert losses[pair].item() == pytest.approx(expected)


def test_is_smps_pair_by_pair():
    masks, target = torch.randn(2, 3, 20, 30), (torch.rand(2, 3, 20, 30) > 0.8).float()
    target[0, 1] = 0
    losses = lovasz_hinge(masks, target)
    for pair in np.ndindex(2, 3):
        theirs = LovaszLoss("binary")(masks[pair][None], target[pair][None])
        torch.testing.assert_close(losses[pair], theirs)


def test_symmetric_is_the_mean_with_both_turned():
    masks, target = torch.randn(2, 3, 20, 30), (torch.rand(2, 3, 20, 30) > 0.8).float()
    expected = (lovasz_hinge(masks, target) + lovasz_hinge(-masks, 1 - target)) / 2
    torch.testing.assert_close(symmetric_lovasz_hinge(masks, target), expected)


def test_sure_masks_cost_their_jaccard_loss_twice():
    rng = np.random.default_rng(1)
    truth, found = rng.random((2, 40)) > 0.6
    masks = torch.as_tensor(2.0 * found - 1).view(1, 1, 5, 8)  # every wrong pixel has an error of 2
    loss = lovasz_hinge(masks, torch.as_tensor(truth).view(1, 1, 5, 8).float())
    assert loss.item() == pytest.approx(2 * jaccard_loss(found ^ truth, truth))


def test_a_margin_of_one_has_no_loss():
    target = (torch.rand(1, 2, 6, 7) > 0.5).float()
    masks = (2 * target - 1).requires_grad_()
    loss = lovasz_hinge(masks, target) + symmetric_lovasz_hinge(masks, target)
    assert (loss == 0).all()
    loss.sum().backward()
    assert (masks.grad == 0).all()


def test_symmetric_moves_every_pixel_of_an_empty_pair():
    for loss, moved in ((lovasz_hinge, 1), (symmetric_lovasz_hinge, 42)):
        masks = (0.1 * torch.randn(1, 1, 6, 7)).requires_grad_()
        loss(masks, torch.zeros(1, 1, 6, 7)).sum().backward()
        assert (masks.grad > 0).sum() == moved
