import numpy as np
import pytest
import torch

from severstal.losses.dice import FALSE_ALARM
from severstal.losses.dice import soft_dice_loss as soft_dice_of_pairs

SURE = 200.0  # a logit whose probability is 1 in float32


def soft_dice_loss(masks, target):
    losses = soft_dice_of_pairs(masks, target)
    assert losses.shape == masks.shape[:2]
    return losses.mean()


def logits(probabilities):
    return torch.logit(torch.as_tensor(probabilities, dtype=torch.float64))


def reference(probabilities, target):
    """The formula of the docstring, pair by pair."""
    losses = []
    for pair in np.ndindex(target.shape[:2]):
        p, t = probabilities[pair], target[pair]
        if t.any():
            losses.append(1 - 2 * (p * t).sum() / (p.sum() + t.sum()))
        else:
            losses.append((p**2).sum() / ((p**2).sum() + p.size * FALSE_ALARM))
    return np.mean(losses)


def test_by_hand():
    # p = 0.5 on 2 of 4 pixels, of which 1 is true, and 0.25 on the other true one: 2 * 0.75 / (1.25 + 2)
    masks = logits([[[[0.5, 0.5], [0.25, 1e-12]]]])
    target = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    assert soft_dice_loss(masks, target).item() == pytest.approx(1 - 1.5 / 3.25)


def test_a_false_alarm_by_hand():
    masks = torch.full((1, 1, 40, 50), -SURE)
    masks[0, 0, 7, :15] = SURE  # 15 pixels where a 400th of the picture is 5
    assert soft_dice_loss(masks, torch.zeros(1, 1, 40, 50)).item() == pytest.approx(15 / (15 + 5))


@pytest.mark.parametrize("shape", [(1, 1, 3, 5), (3, 4, 7, 11), (2, 5, 1, 40)])
def test_against_the_formula_pair_by_pair(shape):
    rng = np.random.default_rng(0)
    probabilities = rng.random(shape)
    target = (rng.random(shape) > 0.8).astype(float)
    target[0, 0] = 0
    loss = soft_dice_loss(logits(probabilities), torch.as_tensor(target))
    assert loss.item() == pytest.approx(reference(probabilities, target))


def test_certain_and_correct_is_0_and_certain_and_wrong_is_1():
    target = torch.zeros(2, 4, 20, 40)
    target[0, 1, 3:9, 5:30] = 1
    target[1, 3] = 1
    right = SURE * (2 * target - 1)
    assert soft_dice_loss(right, target).item() == pytest.approx(0, abs=1e-6)
    assert soft_dice_loss(-right, target).item() > 0.99


def test_sure_masks_score_what_the_metric_scores():
    rng = np.random.default_rng(1)
    target = rng.random((6, 4, 16, 20)) > 0.9
    target[:, 2] = False
    prediction = rng.random(target.shape) > 0.8
    prediction[:, 2] = False
    both = (prediction & target).sum((2, 3))
    total = prediction.sum((2, 3)) + target.sum((2, 3))
    dice = np.where(total == 0, 1, 2 * both / np.maximum(total, 1))
    loss = soft_dice_loss(torch.as_tensor(SURE * (2.0 * prediction - 1)), torch.as_tensor(target))
    assert loss.item() == pytest.approx(1 - dice.mean())


def test_false_alarms_on_empty_pairs_cost_more_the_larger_they_are():
    target = torch.zeros(1, 1, 64, 100)
    losses = []
    for pixels in [0, 1, 4, 16, 64, 640, 6400]:
        masks = torch.full((1, 6400), -SURE)
        masks[0, :pixels] = SURE
        losses.append(soft_dice_loss(masks.reshape(1, 1, 64, 100), target).item())
    assert losses[0] == 0
    assert losses == sorted(set(losses))
    assert losses[4] > 0.75  # a hundredth of the picture, as a small mask is
    assert losses[-1] > 0.99


def test_low_probabilities_cost_little_and_a_false_alarm_of_the_same_sum_costs_much():
    target = torch.zeros(1, 1, 100, 100)
    quiet = logits(torch.full((1, 1, 100, 100), 0.001))
    alarm = torch.full((1, 1, 100, 100), -SURE)
    alarm[0, 0, 0, :10] = SURE  # the same sum of probabilities
    assert soft_dice_loss(quiet, target) < 0.001
    assert soft_dice_loss(alarm, target) > 0.25


def test_every_empty_pair_has_a_gradient_that_lowers_it():
    masks = torch.zeros(2, 3, 16, 16, requires_grad=True)
    soft_dice_loss(masks, torch.zeros(2, 3, 16, 16)).backward()
    assert (masks.grad > 0).all()


def test_a_batch_is_the_mean_of_its_pictures_in_any_order():
    masks = torch.randn(5, 4, 8, 12)
    target = (torch.rand(5, 4, 8, 12) > 0.8).float()
    target[:, 2] = 0
    target[3] = 0
    whole = soft_dice_loss(masks, target)
    alone = torch.stack([soft_dice_loss(masks[i : i + 1], target[i : i + 1]) for i in range(5)]).mean()
    torch.testing.assert_close(whole, alone)
    order = torch.randperm(5)
    torch.testing.assert_close(whole, soft_dice_loss(masks[order], target[order]))
    turned = soft_dice_loss(masks.flip(1, 3), target.flip(1, 3))
    torch.testing.assert_close(whole, turned)


def test_a_larger_picture_of_the_same_costs_the_same():
    masks = torch.randn(2, 3, 8, 12)
    target = (torch.rand(2, 3, 8, 12) > 0.8).float()
    target[:, 1] = 0

    def twice(pictures):
        return pictures.repeat_interleave(2, 2).repeat_interleave(2, 3)

    torch.testing.assert_close(soft_dice_loss(twice(masks), twice(target)), soft_dice_loss(masks, target))


def test_gradients():
    masks = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    target = (torch.rand(2, 3, 4, 5) > 0.6).float()
    target[0, 1] = 0
    target[1, 2] = 1
    assert torch.autograd.gradcheck(lambda logits: soft_dice_loss(logits, target), masks)


@pytest.mark.parametrize("value", [-1e4, -SURE, 0.0, SURE, 1e4])
@pytest.mark.parametrize("fill", [0.0, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_all_empty_and_all_full_stay_finite(value, fill, dtype):
    masks = torch.full((2, 2, 256, 400), value, dtype=dtype, requires_grad=True)
    loss = soft_dice_loss(masks, torch.full((2, 2, 256, 400), fill))
    loss.backward()
    assert loss.dtype == torch.float32
    assert 0 <= loss.item() <= 1
    assert masks.grad.isfinite().all()


def test_half_precision_logits_are_summed_in_float32():
    masks = torch.randn(2, 4, 128, 200)
    target = (torch.rand(2, 4, 128, 200) > 0.95).float()
    exact = soft_dice_loss(masks.bfloat16().float(), target)
    with torch.autocast("cpu", torch.bfloat16):
        rough = soft_dice_loss(masks.bfloat16(), target)
    torch.testing.assert_close(rough, exact)
