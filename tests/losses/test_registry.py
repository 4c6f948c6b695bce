from types import SimpleNamespace

import pytest
import torch

from severstal.errors import SeverstalError
from severstal.losses.bce import pixel_cross_entropy, presence_cross_entropy
from severstal.losses.dice import soft_dice_loss
from severstal.losses.registry import MASK_LOSSES, build_loss


@pytest.fixture
def output():
    torch.manual_seed(0)
    return SimpleNamespace(masks=torch.randn(3, 4, 8, 12), classes=torch.randn(3, 4))


@pytest.fixture
def target():
    torch.manual_seed(1)
    target = (torch.rand(3, 4, 8, 12) > 0.9).float()
    target[:, 1] = 0
    return target


def test_is_the_weighted_sum(output, target):
    loss = build_loss({"bce": 0.75, "dice": 0.25}, classes=0.5)(output, target)
    expected = (
        0.75 * pixel_cross_entropy(output.masks, target)
        + 0.25 * soft_dice_loss(output.masks, target)
        + 0.5 * presence_cross_entropy(output.classes, target)
    )
    torch.testing.assert_close(loss, expected)
    assert loss.shape == ()


def test_what_weighs_nothing_is_not_computed(output, target):
    output.classes = None
    loss = build_loss({"bce": 1.0, "dice": 0.0})(output, target)
    torch.testing.assert_close(loss, pixel_cross_entropy(output.masks, target))


def test_the_class_head_alone(output, target):
    loss = build_loss({}, classes=2.0)(output, target)
    torch.testing.assert_close(loss, 2 * presence_cross_entropy(output.classes, target))


@pytest.mark.parametrize("name", sorted(MASK_LOSSES))
class TestEveryLoss:
    def test_right_is_far_below_unsure_and_that_below_wrong(self, name, target):
        loss = build_loss({name: 1.0})
        right, unsure, wrong = (
            loss(SimpleNamespace(masks=scale * (2 * target - 1), classes=None), target).item()
            for scale in (50.0, 0.0, -50.0)
        )
        assert 0 <= right < 1e-3 < unsure < wrong

    def test_false_alarms_on_empty_classes_are_punished(self, name):
        empty = torch.zeros(1, 4, 16, 25)
        quiet = SimpleNamespace(masks=torch.full((1, 4, 16, 25), -20.0), classes=None)
        alarm = SimpleNamespace(masks=quiet.masks.clone(), classes=None)
        alarm.masks[0, 2, 4:8, 5:10] = 20.0
        loss = build_loss({name: 1.0})
        assert loss(quiet, empty) < 1e-3
        assert loss(alarm, empty) > loss(quiet, empty) + 0.1

    def test_a_batch_is_the_mean_of_its_pictures(self, name, output, target):
        loss = build_loss({name: 1.0})
        alone = [
            loss(SimpleNamespace(masks=output.masks[i : i + 1], classes=None), target[i : i + 1])
            for i in range(3)
        ]
        torch.testing.assert_close(loss(output, target), torch.stack(alone).mean())

    @pytest.mark.parametrize("fill", [0.0, 1.0])
    def test_bf16_and_extremes_stay_finite(self, name, fill):
        masks = torch.tensor([-1e4, 0.0, 1e4], dtype=torch.bfloat16).repeat(1, 2, 8, 5).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            loss = build_loss({name: 1.0})(
                SimpleNamespace(masks=masks, classes=None), torch.full(masks.shape, fill)
            )
        loss.backward()
        assert loss.dtype == torch.float32
        assert loss.isfinite()
        assert masks.grad.isfinite().all()

    def test_gradients(self, name, target):
        masks = torch.randn(target.shape, dtype=torch.float64, requires_grad=True)
        loss = build_loss({name: 1.0})
        assert torch.autograd.gradcheck(
            lambda logits: loss(SimpleNamespace(masks=logits, classes=None), target), masks
        )

    def test_descent_from_unsure_finds_the_masks(self, name, target):
        masks = torch.zeros_like(target, requires_grad=True)
        optimizer = torch.optim.Adam([masks], lr=1.0)
        loss = build_loss({name: 1.0})
        for _ in range(60):
            optimizer.zero_grad()
            loss(SimpleNamespace(masks=masks, classes=None), target).backward()
            optimizer.step()
        assert torch.equal((masks > 0).float(), target)


@pytest.mark.parametrize(("name", "near"), [("dise", "dice"), ("bse", "bce")])
def test_an_unknown_loss_gets_the_nearest(name, near):
    with pytest.raises(SeverstalError, match=f"loss {name!r} is unknown: the nearest known one is {near!r}"):
        build_loss({name: 1.0})


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf"), True, "1", None])
def test_impossible_weights_are_named(weight):
    with pytest.raises(SeverstalError, match=r"loss\.masks\.dice is .*: give a finite number, 0 or more"):
        build_loss({"bce": 1.0, "dice": weight})
    with pytest.raises(SeverstalError, match=r"loss\.classes is .*: give a finite number, 0 or more"):
        build_loss({"bce": 1.0}, classes=weight)


@pytest.mark.parametrize("masks", [{}, {"bce": 0.0}, {"bce": 0, "dice": 0.0}])
def test_nothing_to_learn_is_an_error(masks):
    with pytest.raises(SeverstalError, match="weights of all losses are 0"):
        build_loss(masks)


def test_a_weight_for_a_class_head_that_is_not_there(output, target):
    output.classes = None
    with pytest.raises(SeverstalError, match="no class head: set model"):
        build_loss({"bce": 1.0}, classes=0.5)(output, target)


def test_masks_of_another_shape_are_not_broadcast(output):
    with pytest.raises(ValueError, match="masks are"):
        build_loss({"dice": 1.0})(output, torch.zeros(3, 1, 8, 12))
