"""Stops a training whose loss or weights are not finite."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import nn

from severstal.errors import SeverstalError
from severstal.files import write_json

_SHOWN = 3  # pictures of a batch that an error names


@dataclass(frozen=True)
class _Pending:
    """A batch whose loss is still being copied to the host."""

    loss: torch.Tensor
    arrived: torch.cuda.Event | None
    epoch: int
    batch: int
    learning_rate: float
    names: list[str]


class NonFiniteGuard:
    """Stops a training at a non-finite loss, naming the pictures of the batch, or at a non-finite weight.

    The loss of a batch is checked while the device computes the next one, so that it never waits.

    Args:
        folder: receives `nan_batch.json`, the pictures of such a batch.
        accelerator: the processes that train together, which all make the same calls.
    """

    def __init__(self, folder: Path, accelerator: Accelerator):
        self._folder, self._accelerator = folder, accelerator
        self._last: _Pending | None = None

    def check_loss(
        self, loss: torch.Tensor, epoch: int, batch: int, learning_rate: float, names: Sequence[str]
    ) -> None:
        """Take a batch's loss, and check that of the batch before.

        Args:
            loss: scalar, of the whole batch, the same in all processes.
            epoch: number of the epoch, from 0.
            batch: number of the batch, from 0.
            learning_rate: learning rate of the batch's step.
            names: names of this process's pictures.

        Raises:
            SeverstalError: the loss of the batch before was not finite.
        """
        copied = loss.detach().to("cpu", non_blocking=True, copy=True)
        arrived = None
        if loss.is_cuda:
            arrived = torch.cuda.Event()
            arrived.record()
        earlier, self._last = self._last, _Pending(copied, arrived, epoch, batch, learning_rate, list(names))
        self._check(earlier)

    def end_epoch(self) -> None:
        """Check the loss of the last batch, too.

        Raises:
            SeverstalError: the loss of the last batch was not finite.
        """
        earlier, self._last = self._last, None
        self._check(earlier)

    def check_weights(self, network: nn.Module, epoch: int) -> None:
        """Check the weights after the last step, on which no later loss depends.

        Args:
            network: network that is trained.
            epoch: number of the epoch, from 0.

        Raises:
            SeverstalError: a weight or a running statistic is not finite.
        """
        kept = [(name, each) for name, each in network.state_dict().items() if each.is_floating_point()]
        finite = torch.stack([each.isfinite().all() for _, each in kept])
        if finite.all():
            return
        name, weight = kept[int(finite.long().argmin())]
        value = weight[~weight.isfinite()][0].item()
        raise SeverstalError(
            f"{self._folder}: the last batch of epoch {epoch + 1} left {value} in {name}: "
            "lower training.learning_rate, or set training.clip"
        )

    def _check(self, seen: _Pending | None) -> None:
        if seen is None:
            return
        if seen.arrived is not None:
            seen.arrived.synchronize()
        loss = seen.loss.item()
        if math.isfinite(loss):
            return
        names = gather_object(seen.names)
        path = self._folder / "nan_batch.json"
        if self._accelerator.is_main_process:
            where = {"epoch": seen.epoch + 1, "batch": seen.batch + 1, "loss": str(loss)}
            write_json(path, where | {"learning_rate": seen.learning_rate, "images": names})
        few = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        raise SeverstalError(
            f"{path}: the loss of epoch {seen.epoch + 1} is {loss}, at batch {seen.batch + 1} with {few}: "
            "lower training.learning_rate, or look at these images"
        )
