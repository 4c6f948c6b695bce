"""One step of the optimizer on one batch: micro-batches, several processes, any precision, clipping."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from inspect import signature

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from severstal.errors import SeverstalError
from severstal.losses.bce import pixel_cross_entropy
from severstal.training.batch_sizes import micro_batch_of_one_error, supports_batch_size_one
from severstal.training.loader import Crops
from severstal.training.state import TrainingState

# Whether each forward pass copies the buffers of the first process to the others; renamed in torch 2.15.
_BUFFERS = (
    "forward_sync_buffers"
    if "forward_sync_buffers" in signature(DistributedDataParallel).parameters
    else "broadcast_buffers"
)


@dataclass(frozen=True)
class StepResult:
    """The statistics of a batch after its step.

    Attributes:
        loss: scalar, the mean over the crops of all processes; still on the device.
        hardness: (n,) for the crops of this process: the mean over pixels and classes of softplus(logit),
            which is the cross-entropy of a picture without a defect; None unless it was asked for.
    """

    loss: Tensor
    hardness: Tensor | None


class TrainStep:
    """A step of the optimizer.

    The gradients of the micro-batches and of the processes are weighted by their numbers of crops and added
    up. Except for batch normalisation, which sees one micro-batch at a time, and for rounding, any number of
    micro-batches and processes makes the same step. `DistributedDataParallel` exchanges the gradients during
    the backward pass of a batch's last micro-batch. Which weights are trained is fixed when it is made, so
    that a phase that freezes or frees the encoder needs a new `TrainStep`.

    What stays written by hand is the average of the running statistics of batch normalisation on CPUs:
    DistributedDataParallel would copy those of the first process, which saw its own crops only. On GPUs
    `SyncBatchNorm` has made them equal already. They travel together with the loss, in one small exchange.

    Args:
        state: network, optimizer, scaler, moving average and number of micro-batches.
        model: the state's network, possibly compiled.
        loss_function: function of output, masks and the classes present, to a mean over crops.
        accelerator: processes and precision.
        clip: largest norm of the gradients, which are clipped to it; 0 is off.
        hardness: whether to measure the hardness of each crop.
        distill: weight of the cross-entropy to the teacher's probabilities, of crops that have some; the
            loss function has the rest. Up to the teacher's own entropy it is the divergence of Hinton et al.
            2015 (arXiv:1503.02531), at temperature 1.
    """

    def __init__(
        self,
        state: TrainingState,
        model: nn.Module,
        loss_function: Callable[..., Tensor],
        accelerator: Accelerator,
        clip: float = 0.0,
        hardness: bool = False,
        distill: float = 0.0,
    ) -> None:
        self._state, self._accelerator, self._clip = state, accelerator, clip
        self._forward: nn.Module = _ForwardLoss(model, loss_function, hardness, distill)
        if accelerator.num_processes > 1:
            # In some networks a branch gets no gradient from a batch without a defect.
            self._forward = DistributedDataParallel(
                self._forward,
                find_unused_parameters=True,
                gradient_as_bucket_view=True,
                **{_BUFFERS: False},
            )
        self._supports_one: bool | None = None  # not tried yet
        self._buffers = list(state.network.buffers())
        self._saved = [buffer.clone() for buffer in self._buffers]

    def __call__(self, crops: Crops, seed: int) -> StepResult:
        """Take the step.

        Args:
            crops: this process's part of the batch.
            seed: random seed of the layers of the network, such as dropout.

        Raises:
            SeverstalError: the device's memory is too small for the smallest micro-batch that the network can
                be trained on; or the recipe asks for micro-batches of one crop, and it cannot.
        """
        state, size = self._state, len(crops.pictures)
        _copy(self._buffers, self._saved)

        def supports_one() -> bool:
            if self._supports_one is None:
                picture = crops.pictures[:1]
                self._supports_one = supports_batch_size_one(state.network, picture, self._accelerator)
            return self._supports_one

        def compute(count: int) -> StepResult:
            _copy(self._saved, self._buffers)  # undoes what a try that ran out of memory did
            torch.manual_seed(seed)
            return self._accumulate(crops, count)

        smallest = crops.batch_size // self._accelerator.num_processes  # the same in all processes
        if state.micro_batches.asked >= smallest and not supports_one():
            raise micro_batch_of_one_error(state.network)
        result = state.micro_batches.run(compute, size, supports_one)
        if self._accelerator.num_processes > 1:
            result = StepResult(self._exchange(result.loss), result.hardness)
        state.scaler.unscale_(state.optimizer)
        if self._clip:
            nn.utils.clip_grad_norm_(state.network.parameters(), self._clip)
        state.scaler.step(state.optimizer)
        state.scaler.update()
        if state.ema is not None:
            state.ema.update(state.network)
        return result

    def _accumulate(self, crops: Crops, count: int) -> StepResult:
        """Leave the batch's gradients in the weights; return its loss and hardness in this process."""
        self._state.optimizer.zero_grad()
        total, hardness = torch.zeros((), device=crops.pictures.device), []
        tensors = (crops.pictures, crops.masks, crops.present)
        if crops.soft is not None:
            tensors = (*tensors, crops.soft)
        micro_batches = list(zip(*(tensor.tensor_split(count) for tensor in tensors), strict=True))
        for number, micro_batch in enumerate(micro_batches):
            share = len(micro_batch[0]) / crops.batch_size
            with self._synchronized(number == len(micro_batches) - 1):
                with self._accelerator.autocast():
                    loss, hard = self._forward(*micro_batch)
                loss = loss * share
                # DistributedDataParallel averages over the processes, whose shares are to be added up.
                self._state.scaler.scale(loss * self._accelerator.num_processes).backward()
            total += loss.detach()
            if hard is not None:
                hardness.append(hard)
        return StepResult(total, torch.cat(hardness) if hardness else None)

    def _synchronized(self, last: bool) -> AbstractContextManager[None]:
        """Return the context that exchanges gradients only in the last micro-batch of several processes."""
        if isinstance(self._forward, DistributedDataParallel) and not last:
            return self._forward.no_sync()
        return nullcontext()

    def _exchange(self, loss: Tensor) -> Tensor:
        """Add up the loss and average the running statistics over all processes, in one exchange."""
        statistics = [buffer for buffer in self._buffers if buffer.is_floating_point()]
        pieces = [loss, *(buffer / self._accelerator.num_processes for buffer in statistics)]
        flat = self._accelerator.reduce(torch.cat([piece.flatten() for piece in pieces]), "sum")
        total, *averages = flat.split([piece.numel() for piece in pieces])
        for buffer, values in zip(statistics, averages, strict=True):
            buffer.copy_(values.view_as(buffer))
        return total[0]


class _ForwardLoss(nn.Module):
    """Network and loss as one module, whose only output with a gradient is the loss.

    So DistributedDataParallel finds exactly the weights that the loss does not depend on.
    """

    def __init__(
        self, model: nn.Module, loss_function: Callable[..., Tensor], hardness: bool, distill: float
    ):
        super().__init__()
        self.model, self.loss_function = model, loss_function
        self.hardness, self.distill = hardness, distill

    def forward(
        self, pictures: Tensor, masks: Tensor, present: Tensor, soft: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Return the loss, a scalar, and the hardness of each picture, (n,) without a gradient."""
        output = self.model(pictures)
        loss = self.loss_function(output, masks, present)
        if soft is not None:
            if output.masks is None:
                raise SeverstalError(
                    "distillation needs the logits of each crop, which a network with its own loss lacks: "
                    "distill into another model.architecture"
                )
            taught = pixel_cross_entropy(output.masks, soft).mean()
            loss = (1 - self.distill) * loss + self.distill * taught
        if not self.hardness:
            return loss, None
        if output.masks is None:
            raise SeverstalError(
                "sampling.hard_negatives needs the logits of each crop, which a network with its own loss "
                "lacks: set sampling.hard_negatives = 0"
            )
        return loss, functional.softplus(output.masks.detach().float()).mean((1, 2, 3))


def _copy(source: list[Tensor], target: list[Tensor]) -> None:
    for dtype in {tensor.dtype for tensor in source}:
        pairs = [pair for pair in zip(target, source, strict=True) if pair[0].dtype == dtype]
        torch._foreach_copy_(*map(list, zip(*pairs, strict=True)))  # one call for hundreds of small tensors
