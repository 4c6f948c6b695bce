"""Averages are those of torch and of a pencil; networks come out of them as they went in."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from severstal.errors import SeverstalError
from severstal.models.checkpoint import save_weights
from severstal.training.averaging import WeightAverage, average_files, refresh_normalisation


def network(seed: int = 0, width: int = 3) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, width, 3), nn.BatchNorm2d(width), nn.Conv2d(width, 1, 1))


def shift(net: nn.Module, seed: int) -> None:
    """A step of a training: other weights, other running means, one more batch counted."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in net.parameters():
            weight += torch.randn(weight.shape, generator=generator)
    net.train()(torch.randn(4, 1, 8, 8, generator=generator))


def test_the_equal_mean_is_torch_s() -> None:
    net = network()
    ours, theirs = WeightAverage(net, None), AveragedModel(net, use_buffers=True)
    for seed in range(7):
        shift(net, seed)
        ours.update(net)
        theirs.update_parameters(net)
    for name, tensor in theirs.module.state_dict().items():
        if tensor.is_floating_point():
            torch.testing.assert_close(ours.tensors()[name], tensor)
    assert ours.count == 7


def test_the_moving_average_is_torch_s_once_it_is_warm() -> None:
    """A decay so small that the warm-up is over with the second update."""
    net = network()
    decay = 0.1
    ours = WeightAverage(net, decay)
    theirs = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
    for seed in range(7):
        shift(net, seed)
        ours.update(net)
        theirs.update_parameters(net)
    for name, tensor in theirs.module.state_dict().items():
        if tensor.is_floating_point():
            torch.testing.assert_close(ours.tensors()[name], tensor)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=40),
    st.sampled_from([None, 0.05, 0.2, 0.5, 0.999]),
)
def test_one_weight_by_hand(values: list[float], decay: float | None) -> None:
    net = nn.Linear(1, 1, bias=False)
    average = WeightAverage(net, decay)
    expected = values[0]
    for number, value in enumerate(values):
        nn.init.constant_(net.weight, value)
        average.update(net)
        if decay is None:
            expected = sum(values[: number + 1]) / (number + 1)
        elif number:
            n = number - 1
            keeps = min(decay, (1 + n) / (10 + n))
            expected = keeps * expected + (1 - keeps) * value
    assert average.tensors()["weight"].item() == pytest.approx(expected, abs=1e-4)


def test_whole_numbers_are_copied() -> None:
    net = network()
    average = WeightAverage(net, 0.9)
    for seed in range(5):
        shift(net, seed)
        average.update(net)
    assert average.tensors()["1.num_batches_tracked"].item() == 5
    assert average.tensors()["1.num_batches_tracked"].dtype == torch.int64


def test_the_network_gets_its_own_weights_back_even_after_an_error() -> None:
    net = network()
    average = WeightAverage(net, None)
    for seed in range(2):
        shift(net, seed)
        average.update(net)
    own = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    kept = {name: tensor.clone() for name, tensor in average.tensors().items()}
    with pytest.raises(KeyboardInterrupt), average.applied(net):  # noqa: PT012
        assert torch.equal(net[0].weight, kept["0.weight"])
        shift(net, 9)
        raise KeyboardInterrupt
    assert all(torch.equal(tensor, own[name]) for name, tensor in net.state_dict().items())
    assert all(torch.equal(tensor, kept[name]) for name, tensor in average.tensors().items())


@pytest.mark.parametrize("decay", [None, 0.9])
def test_it_goes_on_bit_for_bit(decay: float | None) -> None:
    net = network()
    unbroken = WeightAverage(net, decay)
    for seed in range(6):
        shift(net, seed)
        unbroken.update(net)
    net = network()
    first = WeightAverage(net, decay)
    for seed in range(6):
        if seed == 3:
            kept = {name: tensor.clone() for name, tensor in first.tensors().items()}
            first = WeightAverage(network(5), decay)
            first.load(kept)
        shift(net, seed)
        first.update(net)
    assert all(torch.equal(tensor, first.tensors()[name]) for name, tensor in unbroken.tensors().items())
    assert first.count == 6


def test_an_average_of_another_network_is_refused() -> None:
    average = WeightAverage(network(), None)
    with pytest.raises(SeverstalError, match=r"of another network \(in 0\.weight\)"):
        average.load(WeightAverage(network(width=4), None).tensors())
    with pytest.raises(SeverstalError, match="of another network: train again"):
        average.load(WeightAverage(nn.Linear(1, 1), None).tensors())


def test_files_are_averaged_equally(tmp_path: Path) -> None:
    nets = [network(seed) for seed in range(3)]
    for seed, net in enumerate(nets):
        shift(net, seed)
        save_weights(net, tmp_path / f"{seed}.safetensors")
    found = average_files(sorted(tmp_path.iterdir()))
    for name, tensor in nets[0].state_dict().items():
        tensors = [net.state_dict()[name] for net in nets]
        if tensor.is_floating_point():
            torch.testing.assert_close(found[name], torch.stack(tensors).mean(0))
        else:
            assert torch.equal(found[name], tensor)
        assert found[name].dtype == tensor.dtype
    network(7).load_state_dict(found)
    one = average_files([tmp_path / "1.safetensors"] * 3)
    assert all(torch.equal(tensor, one[name]) for name, tensor in nets[1].state_dict().items())


def test_files_that_cannot_be_averaged_are_named(tmp_path: Path) -> None:
    save_weights(network(), tmp_path / "a.safetensors")
    save_weights(network(width=4), tmp_path / "b.safetensors")
    save_weights(nn.Linear(1, 1), tmp_path / "c.safetensors")
    (tmp_path / "d.safetensors").write_bytes(b"\x80\x04K\x01.")  # a pickle
    a, *others = sorted(tmp_path.iterdir())
    for other, words in zip(
        others, (r"b\.safetensors: weights of another network", r"another network", "damaged"), strict=True
    ):
        with pytest.raises(SeverstalError, match=words):
            average_files([a, other])
    with pytest.raises(SeverstalError, match="no such weights"):
        average_files([tmp_path / "none.safetensors"])
    with pytest.raises(SeverstalError, match="give at least one"):
        average_files([])


def test_running_statistics_are_those_of_the_batches() -> None:
    net = network(3).eval()
    net[0].train()  # a mode of its own, as a frozen part would have
    batches = [torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(seed)) for seed in range(5)]
    inside = [net[0](batch) for batch in batches]
    refresh_normalisation(net, iter(batches))
    torch.testing.assert_close(
        net[1].running_mean, torch.stack([values.mean((0, 2, 3)) for values in inside]).mean(0)
    )
    torch.testing.assert_close(
        net[1].running_var, torch.stack([values.var((0, 2, 3)) for values in inside]).mean(0)
    )
    assert [module.training for module in net] == [True, False, False]
    assert net[1].momentum == 0.1
    theirs = network(3)
    update_bn(batches, theirs)
    assert torch.equal(theirs[1].running_mean, net[1].running_mean)


def test_without_batch_normalisation_no_batch_is_drawn() -> None:
    def batches() -> object:
        raise AssertionError
        yield

    refresh_normalisation(nn.Conv2d(1, 1, 3), batches())
