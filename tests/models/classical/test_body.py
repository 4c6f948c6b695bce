import copy

import pytest
import torch
from safetensors.torch import load, save

from severstal.errors import SeverstalError
from severstal.models.classical.body import METHODS, PROBABILITY_MARGIN
from severstal.models.network import OwnLossOutput
from severstal.models.registry import build_model
from severstal.training.averaging import WeightAverage

EVERY = pytest.mark.parametrize("method", METHODS)


def build(method="threshold", seed=0, classes=3, encoder="own", weights="none", **options):
    torch.manual_seed(seed)
    return build_model(
        "classical", encoder, weights, classes=classes, class_head=True, options={"method": method, **options}
    )


def train(network, steel, seeds=range(5), rate=1e-3):
    learner = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.1)
    losses = []
    for seed in seeds:
        pictures, truth = steel(4, seed)
        loss = network(pictures).loss(truth)
        learner.zero_grad()
        loss.backward()
        learner.step()
        losses.append(loss.item())
    return losses


@pytest.fixture(scope="module")
def trained(steel):
    """The counts of a training; every method is fitted by the same."""
    network = build()
    train(network, steel)
    return network.state_dict()


def masks_of(network, pictures):
    with torch.inference_mode():
        return network.eval()(pictures).masks


def dice_of(masks, truth):
    found = masks > 0
    return 2 * (found * truth).sum((0, 2, 3)) / (found.sum((0, 2, 3)) + truth.sum((0, 2, 3))).clamp(min=1)


@EVERY
def test_planted_defects_are_found_and_an_unseen_class_is_not(trained, steel, method):
    network = build(method)
    network.load_state_dict(trained)
    pictures, truth = steel(4, seed=77)
    masks = masks_of(network, pictures)
    assert (dice_of(masks, truth)[:2] > 0.8).all()
    assert masks[:, 2].sigmoid().max() < 0.05


@EVERY
def test_before_training_defects_are_rare_everywhere(steel, method):
    pictures, _ = steel(2, seed=0)
    first, second = (masks_of(build(method, seed), pictures) for seed in (0, 1))
    assert first.sigmoid().max() < 0.2
    assert not torch.equal(first, second)


@EVERY
def test_counts_survive_a_file(trained, steel, method):
    pictures, _ = steel(1, seed=8)
    first, second = build(method), build(method, seed=1)
    first.load_state_dict(trained)
    second.load_state_dict(load(save(first.state_dict())))
    assert torch.equal(masks_of(second, pictures), masks_of(first, pictures))


@EVERY
@pytest.mark.parametrize("size", [(1, 33), (1, 1), (40, 2), (37, 70)])
def test_constant_and_tiny_pictures(trained, method, size):
    network = build(method)
    network.load_state_dict(trained)
    for pictures in (
        torch.full((2, 1, *size), -1.9),
        torch.randn(2, 1, *size),
        torch.full((2, 1, *size), 1e9),
    ):
        masks = masks_of(network, pictures)
        assert masks.shape == (2, 3, *size)
        assert masks.dtype == torch.float32
        assert (masks.sigmoid() >= 0.99 * PROBABILITY_MARGIN).all()
        assert (masks.sigmoid() <= 1 - 0.99 * PROBABILITY_MARGIN).all()


@EVERY
def test_an_average_of_counts_finds_them_too(steel, method):
    network = build(method)
    averages = WeightAverage(network, 0.9), WeightAverage(network, None)
    for seed in range(5):
        train(network, steel, [seed])
        for average in averages:
            average.update(network)
    pictures, truth = steel(4, seed=78)
    for average in averages:
        with average.applied(network):
            assert (dice_of(masks_of(network, pictures), truth)[:2] > 0.8).all()


def test_in_training_it_counts_and_no_weight_changes(steel):
    network = build()
    pictures, truth = steel(2, seed=0)
    output = network(pictures)
    assert type(output) is OwnLossOutput
    assert output.masks is None
    assert output.classes.shape == (2, 3)
    before = copy.deepcopy(network.state_dict())
    output.loss(truth).backward()
    assert [weight.grad.abs().sum().item() for weight in network.parameters()] == [0.0]
    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"body.counts.fine", "body.counts.coarse", "body.counts.pictures"}


def test_the_optimizer_has_no_say(steel):
    slow, fast = build(), build()
    assert train(slow, steel, range(3), rate=1e-5) == train(fast, steel, range(3), rate=10.0)
    pictures, _ = steel(1, seed=9)
    assert torch.equal(masks_of(slow, pictures), masks_of(fast, pictures))


def test_the_loss_tells_how_crops_were_expected(steel):
    losses = train(build(), steel, range(6))
    assert losses[-1] < 0.25 * losses[0]
    network = build()
    pictures, truth = steel(2, seed=0)
    with torch.inference_mode():
        evidence = network.body.counts.evidence(_features(network, pictures))
    expected = -(truth * evidence.log() + (1 - truth) * (1 - evidence).log()).mean()
    assert network(pictures).loss(truth).item() == pytest.approx(expected.item(), rel=0.02)


def _features(network, pictures):
    from severstal.models.classical.features import pixel_features

    return pixel_features(pictures, network.body.window, network.body.surround)


def test_mixed_masks_are_binarized(steel):
    first, second = build(), build()
    pictures, truth = steel(2, seed=0)
    first(pictures).loss(truth)
    second(pictures).loss(0.4 * (1 - truth) + 0.6 * truth)
    assert all(torch.equal(*pair) for pair in zip(first.buffers(), second.buffers(), strict=True))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"encoder": "resnet18"}, "encoder_name is 'resnet18'.*set it to \"own\""),
        ({"weights": "imagenet"}, "encoder_weights 'imagenet' .*set it to \"none\""),
        ({"method": "treshold"}, "'method' is 'treshold': the nearest known one is 'threshold'"),
        ({"method": 3}, "'method' is 3: the nearest"),
        ({"cluster": 3}, "'cluster' is unknown: the nearest known one is 'clusters'"),
        ({"window": 8}, "'window' is 8: give an odd number"),
        ({"surround": -1}, "'surround' is -1: give an odd number"),
        ({"clusters": 0}, "'clusters' is 0: give a whole number"),
        ({"superpixels": 2.5}, "'superpixels' is 2.5: give a whole number"),
        ({"seeds": 0}, "'seeds' is 0: give a share"),
        ({"seeds": "many"}, "'seeds' is 'many': give a share"),
    ],
)
def test_an_impossible_one_is_one_line(settings, words):
    with pytest.raises(SeverstalError, match=words) as caught:
        build(**settings)
    assert "\n" not in str(caught.value)
