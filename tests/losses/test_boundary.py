import numpy as np
import pytest
import torch
from scipy import ndimage

from severstal.losses.boundary import boundary_loss
from severstal.losses.dice import false_alarm


def test_by_hand():
    target = torch.tensor([[[[0.0, 1.0, 1.0, 1.0, 0.0, 0.0]]]])  # 1, 0, -1, 0, 1, 2 pixels from the boundary
    masks = torch.logit(torch.tensor([[[[0.1, 0.5, 0.8, 1.0, 0.0, 0.25]]]], dtype=torch.float64))
    expected = (0.1 + 0.2 + 0.5) / 6
    assert boundary_loss(masks, target).item() == pytest.approx(expected, abs=1e-6)


def test_is_kervadecs_up_to_what_the_truth_costs():
    rng = np.random.default_rng(0)
    noise = ndimage.gaussian_filter(rng.random((25, 41)), 2)
    truth, p = noise > np.quantile(noise, 0.8), rng.random((25, 41))
    inside, outside = ndimage.distance_transform_edt(truth), ndimage.distance_transform_edt(~truth)
    phi = outside * ~truth - (inside - 1) * truth
    loss = boundary_loss(
        torch.logit(torch.as_tensor(p))[None, None], torch.as_tensor(truth)[None, None].float()
    )
    assert loss.item() == pytest.approx((phi * p).mean() - (phi * truth).mean(), abs=1e-5)


def test_far_false_alarms_cost_more():
    target = torch.zeros(1, 1, 5, 40)
    target[..., :5] = 1
    costs = []
    for place in (6, 12, 39):
        masks = 100 * (target - 0.5)
        masks[..., 2, place] = 50
        costs.append(boundary_loss(masks, target).item())
    assert costs == pytest.approx([2 / 200, 8 / 200, 35 / 200])


def test_without_a_mask_there_is_no_boundary():
    masks = torch.randn(1, 2, 6, 9)
    torch.testing.assert_close(
        boundary_loss(masks, torch.zeros(1, 2, 6, 9)), false_alarm(masks.sigmoid().flatten(2))
    )
