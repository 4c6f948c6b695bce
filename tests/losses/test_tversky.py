import pytest
import torch
from segmentation_models_pytorch.losses import JaccardLoss, TverskyLoss

from severstal.losses.dice import false_alarm, soft_dice_loss
from severstal.losses.tversky import focal_tversky_loss, jaccard_loss, tversky_loss


@pytest.fixture
def pair():
    torch.manual_seed(0)
    return torch.randn(1, 1, 7, 11), (torch.rand(1, 1, 7, 11) > 0.7).float()


def test_by_hand():
    masks = torch.logit(torch.tensor([[[[0.5, 0.5], [0.25, 1e-9]]]], dtype=torch.float64))
    target = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])  # found 0.75, missed 1.25, false 0.5
    assert jaccard_loss(masks, target).item() == pytest.approx(1 - 0.75 / 2.5)
    index = 0.75 / (0.75 + 0.3 * 0.5 + 0.7 * 1.25)
    assert tversky_loss(masks, target).item() == pytest.approx(1 - index)
    assert focal_tversky_loss(masks, target).item() == pytest.approx((1 - index) ** 0.75)


def test_one_present_pair_is_smps(pair):
    torch.testing.assert_close(jaccard_loss(*pair)[0, 0], JaccardLoss("multilabel")(*pair))
    theirs = TverskyLoss("multilabel", alpha=0.3, beta=0.7)
    torch.testing.assert_close(tversky_loss(*pair)[0, 0], theirs(*pair))
    focal = TverskyLoss("multilabel", alpha=0.3, beta=0.7, gamma=0.75)
    torch.testing.assert_close(focal_tversky_loss(*pair)[0, 0], focal(*pair))


def test_jaccard_follows_from_dice(pair):
    dice = 1 - soft_dice_loss(*pair)
    torch.testing.assert_close(1 - jaccard_loss(*pair), dice / (2 - dice))


def test_a_miss_costs_more_than_a_false_alarm_of_its_size():
    target = torch.zeros(1, 1, 4, 10)
    target[..., :4] = 1
    miss, alarm = 40 * (target - 0.5), 40 * (target - 0.5)
    miss[..., 2:4], alarm[..., 4:6] = -20, 20
    assert tversky_loss(miss, target) > tversky_loss(alarm, target) + 0.1


@pytest.mark.parametrize("loss", [jaccard_loss, tversky_loss, focal_tversky_loss])
def test_a_pair_without_a_mask_gives_the_size_of_its_false_alarm(loss, pair):
    masks, target = pair
    alarm = false_alarm(masks.sigmoid().flatten(2))
    torch.testing.assert_close(loss(masks, 0 * target), alarm)
