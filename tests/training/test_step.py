"""A step: the same with any number of micro-batches, clipped, scaled, repeated when memory runs out."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.nn import functional

from severstal.device import make_accelerator
from severstal.errors import SeverstalError
from severstal.losses.registry import build_loss
from severstal.memory import MicroBatches
from severstal.models.network import Output
from severstal.models.registry import architectures, build_model
from severstal.models.smallest import smallest
from severstal.recipe.reading import NEEDS_TWO_CROPS
from severstal.training.averaging import WeightAverage
from severstal.training.loader import Crops
from severstal.training.state import TrainingState
from severstal.training.step import TrainStep

SIZE = 6


class Tiny(nn.Module):
    """Two convolutions, and what a test wants between them; has memory for `fits` pictures."""

    def __init__(self, between: nn.Module, fits: int = 99):
        super().__init__()
        self.first, self.between, self.last = nn.Conv2d(1, 4, 3, padding=1), between, nn.Conv2d(4, 2, 1)
        self.fits = fits

    def forward(self, pictures: Tensor) -> Output:
        """(N, 1, h, w) to logits (N, 2, h, w)."""
        masks = self.last(self.between(self.first(pictures).relu()))
        if len(pictures) > self.fits:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return Output(masks, None)


def state_of(
    make: Callable[[], nn.Module] = nn.Identity, parts: int = 1, fits: int = 99, rate: float = 0.1
) -> TrainingState:
    torch.manual_seed(1)
    network = Tiny(make(), fits)
    return TrainingState(
        network, torch.optim.SGD(network.parameters(), rate, momentum=0.9), MicroBatches(parts)
    )


def crops(seed: int = 0, size: int = SIZE) -> Crops:
    generator = torch.Generator().manual_seed(seed)
    pictures = torch.randn(size, 1, 8, 12, generator=generator)
    masks = (torch.rand(size, 2, 8, 12, generator=generator) > 0.8).float()
    return Crops(pictures, masks, masks.amax((2, 3)), torch.arange(size), torch.arange(size), size)


def make_step(state: TrainingState, **settings: object) -> TrainStep:
    loss = build_loss({"bce": 0.75, "dice": 0.25})
    return TrainStep(state, state.network, loss, make_accelerator("fp32"), **settings)


def weights(state: TrainingState) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in state.network.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("parts", [2, 3, 4, 6, 50])
def test_micro_batches_make_the_step_of_the_whole_batch(parts: int) -> None:
    whole, cut = state_of(), state_of(parts=parts)
    for seed in range(3):
        one = make_step(whole)(crops(seed), seed)
        other = make_step(cut)(crops(seed), seed)
        torch.testing.assert_close(one.loss, other.loss)
    torch.testing.assert_close(weights(whole), weights(cut))


@pytest.mark.parametrize("parts", [1, 4])
def test_crops_count_as_their_share_of_the_batch_of_all_processes(parts: int) -> None:
    """With as many crops in the other process, half the loss and half the gradients are this one's."""
    state, batch = state_of(parts=parts, rate=0.0), crops()
    whole = make_step(state)(batch, 0).loss
    gradients = [weight.grad.clone() for weight in state.network.parameters()]
    half = make_step(state)(replace(batch, batch_size=2 * SIZE), 0).loss
    torch.testing.assert_close(half, whole / 2)
    torch.testing.assert_close(
        [weight.grad for weight in state.network.parameters()], [g / 2 for g in gradients]
    )


def test_no_micro_batch_is_larger_than_its_share() -> None:
    state = state_of(parts=4, fits=2)
    make_step(state)(crops(), 0)
    assert state.micro_batches.count == 4


def test_the_loss_and_hardness_are_those_of_the_batch_before_the_step() -> None:
    state, batch = state_of(parts=2), crops()
    with torch.no_grad():
        output = state.network(batch.pictures)
    result = make_step(state, hardness=True)(batch, 0)
    torch.testing.assert_close(result.loss, build_loss({"bce": 0.75, "dice": 0.25})(output, batch.masks))
    against_nothing = functional.binary_cross_entropy_with_logits(
        output.masks, torch.zeros_like(output.masks), reduction="none"
    )
    torch.testing.assert_close(result.hardness, against_nothing.mean((1, 2, 3)))
    assert make_step(state)(batch, 0).hardness is None


def test_gradients_of_the_step_before_are_gone() -> None:
    state = state_of(rate=0.0)
    step = make_step(state)
    step(crops(0), 0)
    first = state.network.last.weight.grad.clone()
    step(crops(0), 0)
    assert torch.equal(state.network.last.weight.grad, first)


def test_gradients_are_clipped() -> None:
    def moved(clip: float) -> float:
        state = state_of(rate=1.0)
        before = weights(state)
        make_step(state, clip=clip)(crops(), 0)
        after = weights(state)
        return torch.sqrt(sum((after[name] - before[name]).square().sum() for name in before)).item()

    free = moved(0.0)
    assert moved(free / 4) == pytest.approx(free / 4, rel=1e-4)
    assert moved(free * 4) == pytest.approx(free)


def test_a_scaled_loss_makes_the_same_step_clipped_or_not() -> None:
    for clip in (0.0, 0.01):
        plain, scaled = state_of(parts=2), state_of(parts=2)
        scaled.scaler = GradScaler("cpu", init_scale=1024.0)
        for seed in range(3):
            make_step(plain, clip=clip)(crops(seed), seed)
            result = make_step(scaled, clip=clip)(crops(seed), seed)
        assert same(weights(plain), weights(scaled))  # a power of two costs no rounding
        assert result.loss < 10


def test_a_step_whose_scaled_gradients_overflow_is_skipped() -> None:
    state = state_of()
    state.scaler = GradScaler("cpu", init_scale=1e38, growth_interval=1)
    before = weights(state)
    batch = crops()
    huge = replace(batch, pictures=batch.pictures * 1e4)
    make_step(state)(huge, 0)
    assert same(weights(state), before)
    assert state.scaler.get_scale() < 1e38


def test_the_moving_average_follows_each_step() -> None:
    state = state_of()
    state.ema = WeightAverage(state.network, 0.5)
    for seed in range(3):
        make_step(state)(crops(seed), seed)
    assert state.ema.count == 3
    now = weights(state)
    with state.averaged():
        assert not same(weights(state), now)
    assert same(weights(state), now)


@pytest.mark.parametrize(
    "make",
    [nn.Identity, lambda: nn.BatchNorm2d(4), lambda: nn.Dropout(0.5)],
    ids=["plain", "norm", "dropout"],
)
def test_out_of_memory_the_batch_is_repeated_exactly(
    make: Callable[[], nn.Module], caplog: pytest.LogCaptureFixture
) -> None:
    """As with smaller micro-batches from the start: weights, running statistics, dropout."""
    expected, state = state_of(make, parts=4), state_of(make, parts=1, fits=2)
    steps = make_step(expected), make_step(state)
    for seed in range(2):
        results = [step(crops(seed), seed) for step in steps]
        assert torch.equal(results[0].loss, results[1].loss)
    assert state.micro_batches.count == 4
    assert same(weights(state), weights(expected))
    assert len(caplog.messages) == 2
    assert "batches of 6 pictures are now split into 4 micro-batches, not 2" in caplog.text


def test_out_of_memory_half_way_leaves_no_gradients() -> None:
    """The first micro-batch fits, the second does not: gradients of the first must not count."""
    expected, state = state_of(parts=2), state_of()
    seen = []

    def limited(module: nn.Module, inputs: tuple[Tensor]) -> None:
        seen.append(len(inputs[0]))
        if seen == [3, 3]:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    state.micro_batches.count = 2
    state.network.register_forward_pre_hook(limited)
    make_step(state)(crops(), 0)
    assert seen[2:] == [1, 2, 2, 1, 1]  # whether it takes one alone is tried before
    expected.micro_batches.count = 4
    make_step(expected)(crops(), 0)
    assert same(weights(state), weights(expected))


def test_a_network_too_large_for_one_picture_is_an_error() -> None:
    state = state_of(fits=0)
    before = weights(state)
    with pytest.raises(SeverstalError, match="a micro-batch of one picture does not fit"):
        make_step(state)(crops(), 0)
    assert same(weights(state), before)


class Averaged(nn.Module):
    """Batch normalisation of each picture's mean: of one picture it knows no variance."""

    def __init__(self):
        super().__init__()
        self.norm, self.drop = nn.BatchNorm2d(4), nn.Dropout(0.5)
        self.tried: list[int] = []

    def forward(self, feature: Tensor) -> Tensor:
        self.tried.append(len(feature))
        return feature + self.drop(self.norm(feature.mean((2, 3), keepdim=True)))


@pytest.mark.parametrize(("size", "parts"), [(6, 6), (6, 9), (1, 1)])
def test_micro_batches_of_one_picture_are_refused_where_unsupported(size: int, parts: int) -> None:
    state = state_of(Averaged, parts=parts)
    with pytest.raises(SeverstalError) as caught:
        make_step(state)(crops(size=size), 0)
    assert str(caught.value) == (
        "training.batch_size / training.accumulate leaves micro-batches of one picture, which the batch "
        "normalisation of Tiny does not support: set them so that each has 2 or more"
    )
    make_step(state_of(parts=parts))(crops(size=size), 0)  # a network that supports them


@pytest.mark.parametrize(("size", "parts", "evened"), [(5, 3, [3, 2]), (5, 4, [3, 2]), (6, 4, [2, 2, 2])])
def test_a_last_micro_batch_of_one_picture_is_avoided(size: int, parts: int, evened: list[int]) -> None:
    expected, state = state_of(Averaged, parts=len(evened)), state_of(Averaged, parts=parts)
    steps = make_step(expected), make_step(state)
    for seed in range(2):
        losses = [step(crops(seed, size), seed).loss for step in steps]
        assert torch.equal(*losses)
    assert same(weights(state), weights(expected))  # the trial of one picture leaves no trace
    assert state.network.between.tried == [1, *evened, *evened]  # and is made once


def test_out_of_memory_micro_batches_keep_two_pictures_where_the_network_needs_them() -> None:
    state = state_of(Averaged, parts=1, fits=1)
    with pytest.raises(
        SeverstalError, match="a micro-batch of 2 pictures does not fit into the device's memory"
    ):
        make_step(state)(crops(), 0)
    assert state.micro_batches.count == 3
    expected, state = state_of(Averaged, parts=3), state_of(Averaged, parts=1, fits=2)
    for each in (expected, state):
        make_step(each)(crops(), 0)
    assert same(weights(state), weights(expected))


def test_a_trial_of_one_picture_that_does_not_fit_is_an_out_of_memory_error() -> None:
    with pytest.raises(SeverstalError, match="a micro-batch of one picture does not fit"):
        make_step(state_of(parts=6, fits=0))(crops(), 0)


@pytest.mark.parametrize("parts", [1, 6])
def test_other_errors_of_the_network_are_passed_on(parts: int) -> None:
    class Broken(nn.Module):
        def forward(self, _feature: Tensor) -> Tensor:
            raise ValueError("shapes differ")

    with pytest.raises(ValueError, match="shapes differ"):
        make_step(state_of(Broken, parts=parts))(crops(), 0)


@pytest.mark.parametrize("name", sorted(set(architectures()) - {"classical"}))
def test_recipes_refuse_exactly_the_networks_without_support_of_batch_size_one(name: str) -> None:
    encoder, options = smallest(name)
    network = build_model(name, encoder, classes=2, options=options)
    state = TrainingState(network, torch.optim.SGD(network.parameters(), 0.1), MicroBatches(1))
    masks, number = torch.zeros(1, 2, 64, 64), torch.arange(1)
    one = Crops(torch.randn(1, 1, 64, 64), masks, torch.zeros(1, 2), number, number, 1)
    if name in NEEDS_TWO_CROPS:
        with pytest.raises(SeverstalError, match=rf"normalisation of {type(network.body).__name__} does not"):
            make_step(state)(one, 0)
    else:
        assert make_step(state)(one, 0).loss.isfinite()


@pytest.mark.slow
def test_a_compiled_network_learns_the_same_and_keeps_its_names() -> None:
    from severstal.training.placement import compile_network

    plain, compiled = state_of(parts=2), state_of(parts=2)
    loss = build_loss({"bce": 1.0})
    model = compile_network(compiled.network)
    for seed in range(2):
        TrainStep(plain, plain.network, loss, make_accelerator("fp32"))(crops(seed), seed)
        TrainStep(compiled, model, loss, make_accelerator("fp32"))(crops(seed), seed)
    torch.testing.assert_close(weights(plain), weights(compiled))
    assert list(weights(compiled)) == list(weights(plain))


@pytest.mark.parametrize("parts", [1, 3])
def test_the_teacher_s_probabilities_have_their_weight_in_the_loss(parts: int) -> None:
    state, batch = state_of(parts=parts), crops()
    soft = torch.rand(batch.masks.shape, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        output = state.network(batch.pictures)
    labels = build_loss({"bce": 0.75, "dice": 0.25})(output, batch.masks)
    teacher = functional.binary_cross_entropy_with_logits(output.masks, soft)
    result = make_step(state, distill=0.3)(replace(batch, soft=soft), 0)
    torch.testing.assert_close(result.loss, 0.7 * labels + 0.3 * teacher)


def test_a_step_without_a_teacher_is_that_of_the_labels() -> None:
    one, other = state_of(), state_of()
    make_step(one)(crops(), 0)
    make_step(other, distill=0.3)(crops(), 0)
    assert same(weights(one), weights(other))
