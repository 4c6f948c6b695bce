import numpy as np
import pytest
import torch
from scipy import ndimage

from severstal.losses.dice import false_alarm
from severstal.losses.hausdorff import hausdorff_loss


def field(mask):
    if not mask.any():
        return np.zeros(mask.shape)
    return ndimage.distance_transform_edt(mask) + ndimage.distance_transform_edt(~mask)


@pytest.mark.parametrize("seed", range(3))
def test_is_the_papers_by_scipy(seed):
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.random((2, 25, 41)), (0, 2, 2))
    truth = noise[0] > np.quantile(noise[0], 0.8)
    p = np.clip(0.5 + 8 * (noise[1] - np.quantile(noise[1], 0.8)), 0.01, 0.99)
    expected = ((p - truth) ** 2 * (field(truth) ** 2 + field(p > 0.5) ** 2)).mean()
    loss = hausdorff_loss(
        torch.logit(torch.as_tensor(p))[None, None], torch.as_tensor(truth)[None, None].float()
    )
    assert loss.item() == pytest.approx(expected, rel=1e-4)


def test_by_hand():
    target = torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]]])  # d_t = 1, 1, 2, 3
    masks = torch.tensor([[[[50.0, -50.0, -50.0, 50.0]]]])  # d_p = 1, 1, 1, 1
    assert hausdorff_loss(masks, target).item() == pytest.approx((3**2 + 1) / 4)


def test_without_a_mask_there_is_no_boundary():
    masks = torch.randn(1, 2, 6, 9)
    torch.testing.assert_close(
        hausdorff_loss(masks, torch.zeros(1, 2, 6, 9)), false_alarm(masks.sigmoid().flatten(2))
    )
