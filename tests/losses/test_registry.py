import math
from types import SimpleNamespace

import pytest
import torch

from severstal.errors import SeverstalError
from severstal.losses.bce import pixel_cross_entropy, presence_cross_entropy
from severstal.losses.dice import soft_dice_loss
from severstal.losses.registry import MASK_LOSSES, build_loss
from severstal.losses.target import smooth_edges, smooth_labels


@pytest.fixture
def output():
    torch.manual_seed(0)
    return SimpleNamespace(masks=torch.randn(3, 4, 8, 12), classes=torch.randn(3, 4))


@pytest.fixture
def target():
    torch.manual_seed(1)
    target = (torch.rand(3, 4, 8, 12) > 0.8).float()
    target[:, 1] = 0
    target[0] = 0
    return target * (target.cumsum(1) == 1)  # no pixel of two classes, whose truth no softmax can give


NAMES = {
    "bce", "border_weighted_bce", "boundary", "ce", "dice", "focal", "focal_tversky", "hausdorff", "jaccard",
    "lovasz", "mcc", "symmetric_lovasz", "tversky", "weighted_ce",
}  # fmt: skip


def test_names():
    assert set(MASK_LOSSES) == NAMES
    assert list(MASK_LOSSES) == sorted(MASK_LOSSES)


def prediction(masks, **others):
    return SimpleNamespace(masks=masks, classes=None, **others)


def shown(target):
    """Return which classes have any pixel."""
    return target.flatten(2).amax(2)


def test_is_the_weighted_sum(output, target):
    loss = build_loss({"bce": 0.75, "dice": 0.25}, classes=0.5)(output, target)
    expected = (
        0.75 * pixel_cross_entropy(output.masks, target).mean()
        + 0.25 * soft_dice_loss(output.masks, target).mean()
        + 0.5 * presence_cross_entropy(output.classes, shown(target))
    )
    torch.testing.assert_close(loss, expected)
    assert loss.shape == ()


def test_losses_of_weight_0_are_not_computed(output, target):
    output.classes = None
    loss = build_loss({"bce": 1.0, "dice": 0.0})(output, target)
    torch.testing.assert_close(loss, pixel_cross_entropy(output.masks, target).mean())


def test_a_loss_of_the_networks_own_stands_for_the_losses_of_masks(output, target):
    own = prediction(None, loss=lambda truth: truth.sum())
    own.classes = output.classes
    loss = build_loss({"bce": 0.75}, classes=0.5, class_weights=[1, 2, 3, 4])(own, target)
    torch.testing.assert_close(
        loss, target.sum() + 0.5 * presence_cross_entropy(output.classes, shown(target))
    )


def test_a_class_counts_as_present_when_downscaling_nearly_removes_its_mask(output, target):
    faint = 0.25 * target
    loss = build_loss({"bce": 1.0}, classes=2.0)
    difference = loss(output, faint, shown(target)) - build_loss({"bce": 1.0})(output, faint)
    torch.testing.assert_close(difference, 2 * presence_cross_entropy(output.classes, shown(target)))
    assert not torch.isclose(loss(output, faint), loss(output, faint, shown(target)))


def test_only_the_class_head(output, target):
    loss = build_loss({}, classes=2.0)(output, target)
    torch.testing.assert_close(loss, 2 * presence_cross_entropy(output.classes, shown(target)))


@pytest.mark.parametrize("name", sorted(MASK_LOSSES))
class TestEveryLoss:
    def test_one_number_a_pair(self, name, output, target):
        losses = MASK_LOSSES[name].function(output.masks, target)
        assert losses.shape == (3, 4)
        assert (losses >= 0).all()

    def test_right_is_far_below_unsure_and_that_below_wrong(self, name, target):
        loss = build_loss({name: 1.0})
        right, unsure, wrong = (
            loss(prediction(scale * (2 * target - 1)), target).item() for scale in (50.0, 0.0, -50.0)
        )
        assert 0 <= right < 1e-3 < unsure < wrong

    def test_false_alarms_on_empty_classes_are_punished(self, name):
        empty = torch.zeros(1, 4, 16, 25)
        quiet, alarm = torch.full((1, 4, 16, 25), -20.0), torch.full((1, 4, 16, 25), -20.0)
        alarm[0, 2, 4:8, 5:10] = 20.0
        loss = build_loss({name: 1.0})
        assert loss(prediction(quiet), empty) < 1e-3
        assert loss(prediction(alarm), empty) > 0.1

    def test_a_batch_is_the_mean_of_its_pictures(self, name, output, target):
        loss = build_loss({name: 1.0})
        alone = [loss(prediction(output.masks[i : i + 1]), target[i : i + 1]) for i in range(3)]
        torch.testing.assert_close(loss(output, target), torch.stack(alone).mean())

    @pytest.mark.parametrize("fill", [0.0, 1.0])
    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    @pytest.mark.parametrize("levels", [[-1e4, 0.0, 1e4], [-1e4], [0.0], [1e4]])
    def test_half_precision_and_extremes_stay_finite(self, name, fill, dtype, levels):
        masks = torch.tensor(levels, dtype=dtype).repeat(1, 2, 30, 51 // len(levels)).requires_grad_()
        with torch.autocast("cpu", dtype):
            loss = build_loss({name: 1.0})(prediction(masks), torch.full(masks.shape, fill))
        loss.backward()
        assert loss.dtype == torch.float32
        assert loss.isfinite()
        assert masks.grad.isfinite().all()

    def test_gradients(self, name, target):
        torch.manual_seed(2)
        target = target[1:2, :, :5, :7]
        assert target.sum() > 3
        masks = torch.randn(target.shape, dtype=torch.float64, requires_grad=True)
        loss = build_loss({name: 1.0}, positive_weights=[1.0, 2.0, 3.0, 4.0], label_smoothing=0.1)
        assert torch.autograd.gradcheck(lambda logits: loss(prediction(logits), target), masks)

    def test_sixteen_classes_an_odd_size_and_mixed_labels(self, name):
        torch.manual_seed(0)
        masks = torch.randn(2, 16, 33, 47, requires_grad=True)
        loss = build_loss({name: 1.0}, class_weights=range(1, 17), edge_smoothing=3.0)(
            prediction(masks), torch.rand(2, 16, 33, 47).round(decimals=1)
        )
        loss.backward()
        assert loss.isfinite()
        assert (masks.grad != 0).any(3).any(2).all()

    def test_descent_from_unsure_finds_the_masks(self, name, target):
        masks = torch.zeros_like(target, requires_grad=True)
        optimizer = torch.optim.Adam([masks], lr=1.0)
        # On a mask's rim the distance to the boundary is 0: that loss is the paper's second beside another.
        loss = build_loss({name: 1.0, "dice": 0.01} if name == "boundary" else {name: 1.0})
        for _ in range(60):
            optimizer.zero_grad()
            loss(prediction(masks), target).backward()
            optimizer.step()
        assert torch.equal((masks > 0).float(), target)

    def test_class_weights_weigh_each_classs_part(self, name, output, target):
        weights = [0.5, 2.0, 0.0, 1.5]
        loss = build_loss({name: 2.0}, class_weights=weights)(output, target)
        parts = MASK_LOSSES[name].function(output.masks, target).mean(0)
        torch.testing.assert_close(loss, 2 * (parts * torch.tensor(weights)).mean())

    def test_deep_supervision_adds_the_mean_over_coarser_levels(self, name, target):
        torch.manual_seed(3)
        masks, fine, coarse = (torch.randn(3, 4, *size) for size in ((8, 12), (4, 6), (1, 2)))
        loss = build_loss({name: 1.0})
        expected = loss(prediction(masks), target) + 0.4 / 2 * (
            loss(prediction(fine), torch.nn.functional.max_pool2d(target, 2))
            + loss(prediction(coarse), torch.nn.functional.max_pool2d(target, 8, ceil_mode=True))
        )
        deep = build_loss({name: 1.0}, deep_supervision=0.4)
        output = prediction(masks, auxiliary=(fine, coarse), covered=((8, 12), (8, 16)))
        torch.testing.assert_close(deep(output, target), expected)
        torch.testing.assert_close(deep(prediction(masks), target), loss(prediction(masks), target))


def test_deep_supervision_is_of_mask_losses_only(output, target):
    output.auxiliary, output.covered = (torch.randn(3, 4, 4, 6),), ((8, 12),)
    with_classes = build_loss({"bce": 1.0}, classes=2.0, deep_supervision=1.0)(output, target)
    without = build_loss({"bce": 1.0}, deep_supervision=1.0)(output, target)
    torch.testing.assert_close(
        with_classes - without, 2 * presence_cross_entropy(output.classes, shown(target))
    )
    alone = build_loss({}, classes=2.0, deep_supervision=1.0)(output, target)
    torch.testing.assert_close(alone, with_classes - without)


@pytest.mark.parametrize("name", ["bce", "border_weighted_bce", "weighted_ce"])
def test_positive_weights_reach_the_cross_entropies(name, output, target):
    weights = [1.0, 2.0, 3.0, 0.5]
    loss = build_loss({name: 1.0}, positive_weights=weights)(output, target)
    torch.testing.assert_close(loss, MASK_LOSSES[name].function(output.masks, target, weights).mean())
    assert loss != build_loss({name: 1.0})(output, target)
    for count in (2, 5):
        with pytest.raises(
            SeverstalError, match=rf"loss\.positive_weights has {count} numbers for 4"
        ) as caught:
            build_loss({name: 1.0}, positive_weights=[1.0] * count)(output, target)
        assert "\n" not in str(caught.value)


def test_class_weights_for_other_classes_are_one_line(output, target):
    with pytest.raises(SeverstalError, match=r"loss\.class_weights has 3 numbers for 4 classes: give one"):
        build_loss({"dice": 1.0}, class_weights=[1.0] * 3)(output, target)


def test_smoothing_changes_only_the_target_of_cross_entropies(output, target):
    smooth = {"label_smoothing": 0.2, "edge_smoothing": 4.0}
    changed = smooth_labels(smooth_edges(target, 4.0), 0.2)
    for name, loss in MASK_LOSSES.items():
        value = build_loss({name: 1.0}, **smooth)(output, target)
        if loss.target == "truth":
            assert torch.equal(value, build_loss({name: 1.0})(output, target)), name
        elif "label_smoothing" in loss.settings:
            expected = loss.function(output.masks, smooth_edges(target, 4.0), label_smoothing=0.2)
            torch.testing.assert_close(value, expected.mean())
        else:
            settings = {"truth": target} if "truth" in loss.settings else {}
            torch.testing.assert_close(value, loss.function(output.masks, changed, **settings).mean())
    pixelwise = {name for name, loss in MASK_LOSSES.items() if loss.target != "truth"}
    assert pixelwise == {"bce", "border_weighted_bce", "ce", "focal", "weighted_ce"}


@pytest.mark.parametrize("width", [0.0, 4.0, 6.0, 8.0, 20.0])
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_smoothing_leaves_the_borders_in_narrow_gaps(width, share):
    """At a logit of 0 the cross-entropy is ln 2 at any truth: the loss says what the pixels weigh."""
    truth = torch.zeros(1, 1, 9, 40)
    truth[..., :18], truth[..., 20:] = 1, 1  # two pieces; in the gap of two pixels d1 + d2 = 1 + 2
    loss = build_loss({"border_weighted_bce": 1.0}, edge_smoothing=width, label_smoothing=share)
    expected = math.log(2) * (1 + 2 / 40 * 10 * math.exp(-(3**2) / 50))
    assert loss(prediction(torch.zeros_like(truth)), truth).item() == pytest.approx(expected)
    coarse = prediction(torch.zeros_like(truth), auxiliary=(torch.zeros(1, 1, 9, 40),), covered=((9, 40),))
    deep = build_loss(
        {"border_weighted_bce": 1.0}, edge_smoothing=width, label_smoothing=share, deep_supervision=1.0
    )
    assert deep(coarse, truth).item() == pytest.approx(2 * expected)


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


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"positive_weights": [-1.0, 2.0]}, r"loss\.positive_weights is -1\.0: give a finite"),
        ({"class_weights": [1.0, float("nan")]}, r"loss\.class_weights is nan: give a finite"),
        ({"edge_smoothing": -1.0}, r"loss\.edge_smoothing is -1\.0: give"),
        ({"deep_supervision": float("inf")}, r"loss\.deep_supervision is inf: give"),
        ({"label_smoothing": 1.0}, r"loss\.label_smoothing is 1: give a share below 1"),
    ],
)
def test_impossible_settings_are_named(settings, words):
    with pytest.raises(SeverstalError, match=words):
        build_loss({"bce": 1.0}, **settings)


@pytest.mark.parametrize("masks", [{}, {"bce": 0.0}, {"bce": 0, "dice": 0.0}])
def test_a_loss_of_weight_0_is_an_error(masks):
    with pytest.raises(SeverstalError, match="weights of all losses are 0"):
        build_loss(masks)


def test_a_weight_for_a_class_head_that_is_missing(output, target):
    output.classes = None
    with pytest.raises(SeverstalError, match="no class head: set model"):
        build_loss({"bce": 1.0}, classes=0.5)(output, target)


def test_masks_of_another_shape_are_not_broadcast(output):
    with pytest.raises(ValueError, match="masks are"):
        build_loss({"dice": 1.0})(output, torch.zeros(3, 1, 8, 12))
