import numpy as np
import pytest
import torch
from segmentation_models_pytorch.losses import MCCLoss
from sklearn.metrics import matthews_corrcoef

from severstal.losses.dice import false_alarm
from severstal.losses.mcc import mcc_loss


@pytest.mark.parametrize("seed", range(5))
def test_sure_masks_are_sklearns(seed):
    rng = np.random.default_rng(seed)
    truth, found = rng.random((2, 7, 11)) > 0.7
    masks = torch.as_tensor(100.0 * found - 50)[None, None]
    loss = mcc_loss(masks, torch.as_tensor(truth)[None, None].float())
    assert loss.item() == pytest.approx(1 - matthews_corrcoef(truth.ravel(), found.ravel()), abs=1e-5)


def test_one_pair_is_smps():
    masks, target = torch.randn(1, 1, 20, 30), (torch.rand(1, 1, 20, 30) > 0.8).float()
    theirs = MCCLoss()(masks.sigmoid(), target)
    torch.testing.assert_close(mcc_loss(masks, target)[0, 0], theirs, atol=1e-5, rtol=1e-5)


def test_by_hand():
    target = torch.tensor([[[[1.0, 1.0, 0.0, 0.0]]]])
    masks = torch.logit(torch.tensor([[[[0.5, 0.5, 0.5, 0.25]]]], dtype=torch.float64))
    tp, fp, fn, tn = 1.0, 0.75, 1.0, 1.25
    mcc = (tp * tn - fp * fn) / ((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)) ** 0.5
    assert mcc_loss(masks, target).item() == pytest.approx(1 - mcc)


def test_truths_of_one_label_cost_what_is_wrong():
    masks = torch.randn(1, 2, 6, 9)
    empty, full = torch.zeros(1, 2, 6, 9), torch.ones(1, 2, 6, 9)
    torch.testing.assert_close(mcc_loss(masks, empty), false_alarm(masks.sigmoid().flatten(2)))
    torch.testing.assert_close(mcc_loss(masks, full), mcc_loss(-masks, empty))
