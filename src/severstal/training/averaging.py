"""Averages of a network's weights, over the steps of a training or over files of weights."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import update_bn

from severstal.errors import SeverstalError
from severstal.models.checkpoint import read_weights

_COUNT = "count"  # its key in `tensors`, beside the weights


class WeightAverage:
    """A running average of a network's weights: EMA or SWA, on the network's device.

    Weights and running statistics are averaged; integer buffers are copied. The first update copies the
    weights. At update n after it, n from 0, the EMA decay is min(decay, (1 + n) / (10 + n)), so that the
    initial weights are soon forgotten (as in TensorFlow's ExponentialMovingAverage).

    Args:
        network: network whose weights are averaged.
        decay: the EMA decay, 0 to below 1; None is the equal mean of all updates (SWA, Izmailov 2018).

    Attributes:
        count: number of updates so far.

    Example:
        >>> network = nn.Linear(1, 1, bias=False)
        >>> average = WeightAverage(network, None)
        >>> for weight in (1.0, 2.0, 6.0):
        ...     _ = nn.init.constant_(network.weight, weight)
        ...     average.update(network)
        >>> with average.applied(network):
        ...     network.weight.item()
        3.0
        >>> network.weight.item()
        6.0
    """

    def __init__(self, network: nn.Module, decay: float | None):
        self.count = 0
        self._decay = decay
        self._average = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Update the average with the network's current weights."""
        current = network.state_dict()
        rate = self._update_rate()
        floating = [name for name, tensor in current.items() if tensor.is_floating_point()]
        for dtype in {current[name].dtype for name in floating}:
            # One call for hundreds of small tensors: this runs at every step.
            names = [name for name in floating if current[name].dtype == dtype]
            averages = [self._average[name] for name in names]
            torch._foreach_lerp_(averages, [current[name] for name in names], rate)
        for name in current.keys() - set(floating):
            self._average[name].copy_(current[name])
        self.count += 1

    def tensors(self) -> dict[str, Tensor]:
        """Its state, to be saved: the averaged weights by name, and `count`."""
        return {**self._average, _COUNT: torch.tensor(self.count)}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore the state that `tensors` returned, from any device.

        Raises:
            SeverstalError: the tensors are of another network.
        """
        if tensors.keys() != {*self._average, _COUNT}:
            raise SeverstalError("the average is of another network: train again")
        for name, tensor in self._average.items():
            if tensors[name].shape != tensor.shape:
                raise SeverstalError(f"the average is of another network (in {name}): train again")
            tensor.copy_(tensors[name])
        self.count = int(tensors[_COUNT])

    @contextmanager
    def applied(self, network: nn.Module) -> Iterator[None]:
        """Within the context the network has the averaged weights; its own are restored afterwards.

        Changes of its weights within the context are discarded and do not affect the average.
        """
        own = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
        try:
            network.load_state_dict(self._average)
            yield
        finally:
            network.load_state_dict(own)

    def _update_rate(self) -> float:
        """The weight of the network in the next update, 0 to 1."""
        if self._decay is None:
            return 1 / (self.count + 1)
        return 1.0 if self.count == 0 else 1 - min(self._decay, self.count / (9 + self.count))


def average_files(paths: Sequence[str | Path]) -> dict[str, Tensor]:
    """Average the weights of safetensors files ("model soup", Wortsman 2022; the 12th place's blend).

    Args:
        paths: at least one file, all of the same network; they are loaded one at a time.

    Returns:
        Tensors by name: the mean of those of floating point; integers are those of the first file.

    Raises:
        SeverstalError: a file is missing or damaged, or the files are of different networks.

    Example:
        >>> import tempfile
        >>> from severstal.models.checkpoint import save_weights
        >>> files = [Path(tempfile.mkdtemp()) / f"{n}.safetensors" for n in (1, 4)]
        >>> for file, value in zip(files, (1.0, 4.0), strict=True):
        ...     save_weights(nn.BatchNorm1d(1).apply(lambda norm: nn.init.constant_(norm.bias, value)), file)
        >>> average_files(files)["bias"]
        tensor([2.5000])
    """
    if not paths:
        raise SeverstalError("no weights to average: give at least one file")
    first = read_weights(paths[0])
    # In double precision, rounded once, so that the mean of equal weights is exact.
    sums = {name: tensor.double() for name, tensor in first.items() if tensor.is_floating_point()}
    for path in paths[1:]:
        tensors = read_weights(path)
        for name in sorted(first.keys() | tensors.keys()):
            if name not in tensors or name not in first or tensors[name].shape != first[name].shape:
                raise SeverstalError(
                    f"{path}: weights of another network than {paths[0]} (in {name}): "
                    "average files of one network"
                )
        for name, total in sums.items():
            total += tensors[name].double()
    means = {name: (total / len(paths)).to(first[name].dtype) for name, total in sums.items()}
    return {name: means.get(name, tensor) for name, tensor in first.items()}


def refresh_normalisation(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Recompute the running statistics of batch normalisation, as averaged weights need it.

    All batches have equal weight. The network keeps its mode; without batch normalisation nothing is done.

    Args:
        network: network whose running means and variances are replaced.
        batches: batches of pictures as in training, (N, 1, h, w) float on the network's device.

    Example:
        >>> network = nn.BatchNorm2d(1)
        >>> refresh_normalisation(network, [torch.full((2, 1, 3, 3), value) for value in (1.0, 3.0)])
        >>> network.running_mean
        tensor([2.])
    """
    if not any(isinstance(module, _BatchNorm) for module in network.modules()):
        return
    was_training = [(module, module.training) for module in network.modules()]
    update_bn(batches, network)
    for module, mode in was_training:
        module.training = mode
