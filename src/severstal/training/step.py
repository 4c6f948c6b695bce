"""One step of the optimizer on one batch: in parts, over processes, in any precision, clipped."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional

from severstal.errors import SeverstalError
from severstal.training.batch_sizes import micro_batch_of_one_error, supports_batch_size_one
from severstal.training.loader import Crops
from severstal.training.state import TrainingState


@dataclass(frozen=True)
class StepResult:
    """What is known of a batch after its step.

    Attributes:
        loss: scalar, the mean over the crops of all processes; not yet waited for.
        hardness: (n,) for the crops of this process: the mean over pixels and classes of softplus(logit),
            which is the cross-entropy of a picture without a defect; None where nobody asked.
    """

    loss: Tensor
    hardness: Tensor | None


class TrainStep:
    """A step of the optimizer.

    The gradients of the parts of a batch, and those of the processes, are weighed by how many crops they have
    and added up: but for batch normalisation, which sees a part at a time, and for rounding, any number of
    parts and processes makes the same step. Processes exchange gradients once a batch, after the last part.

    Args:
        state: network, optimizer, scaler, moving average and number of parts.
        model: the state's network, maybe compiled.
        loss_function: of output, masks and the classes present, a mean over crops.
        accelerator: processes and precision.
        clip: the gradients' norm is cut to this; 0 is off.
        hardness: whether to say how hard each crop was.
    """

    def __init__(
        self,
        state: TrainingState,
        model: nn.Module,
        loss_function: Callable[..., Tensor],
        accelerator: Accelerator,
        clip: float = 0.0,
        hardness: bool = False,
    ) -> None:
        self._state, self._model, self._loss, self._accelerator = state, model, loss_function, accelerator
        self._clip, self._hardness = clip, hardness
        self._alone: bool | None = None  # whether the network takes one picture, once that was tried
        self._buffers = list(state.network.buffers())
        self._kept = [buffer.clone() for buffer in self._buffers]

    def __call__(self, crops: Crops, seed: int) -> StepResult:
        """Take the step.

        Args:
            crops: this process's part of the batch.
            seed: of what is random inside the network.

        Raises:
            SeverstalError: the device's memory is too small for a single crop, or for the two that the
                network's batch normalisation needs; or the recipe cuts the batch into single ones for it.
        """
        state, size = self._state, len(crops.pictures)
        _copy(self._buffers, self._kept)

        def supports_batch_size_one() -> bool:
            return self._takes_one(crops.pictures[:1])

        def compute(parts: int) -> StepResult:
            _copy(self._kept, self._buffers)  # what a try that ran out of memory has left
            torch.manual_seed(seed)
            return self._gradients(crops, parts)

        fewest = crops.whole // self._accelerator.num_processes  # all processes have to try, or none
        if state.micro_batches.asked >= fewest and not supports_batch_size_one():
            raise micro_batch_of_one_error(state.network)
        result = state.micro_batches.run(compute, size, supports_batch_size_one)
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

    def _gradients(self, crops: Crops, parts: int) -> StepResult:
        """Leave the batch's gradients in the weights; give its loss and hardness."""
        self._state.optimizer.zero_grad()
        total, hardness = torch.zeros((), device=crops.pictures.device), []
        whole = (crops.pictures, crops.masks, crops.present)
        for pictures, masks, present in zip(*(each.tensor_split(parts) for each in whole), strict=True):
            with self._accelerator.autocast():
                output = self._model(pictures)
                loss = self._loss(output, masks, present) * (len(pictures) / crops.whole)
            self._state.scaler.scale(loss).backward()
            total += loss.detach()
            if self._hardness:
                if output.masks is None:
                    raise SeverstalError(
                        "sampling.hard_negatives needs the loss of each crop, which a network with a loss of "
                        "its own does not give: set sampling.hard_negatives = 0"
                    )
                hardness.append(functional.softplus(output.masks.detach().float()).mean((1, 2, 3)))
        return StepResult(total, torch.cat(hardness) if hardness else None)

    def _takes_one(self, picture: Tensor) -> bool:
        if self._alone is None:
            self._alone = supports_batch_size_one(self._state.network, picture, self._accelerator)
        return self._alone

    def _exchange(self, loss: Tensor) -> Tensor:
        """Add up gradients and losses of all processes, and average running means; one exchange for all.

        Not by DistributedDataParallel, which exchanges inside the backward pass: it has to be wrapped anew
        whenever an encoder is frozen or freed, and told which part is a batch's last.
        """
        gradients = [weight.grad for weight in self._state.network.parameters() if weight.grad is not None]
        means = [buffer for buffer in self._buffers if buffer.is_floating_point()]
        share = 1 / self._accelerator.num_processes
        pieces = [loss, *gradients, *(mean * share for mean in means)]
        flat = self._accelerator.reduce(torch.cat([piece.flatten() for piece in pieces]), "sum")
        total, *summed = flat.split([piece.numel() for piece in pieces])
        for tensor, values in zip([*gradients, *means], summed, strict=True):
            tensor.copy_(values.view_as(tensor))
        return total[0]


def _copy(source: list[Tensor], target: list[Tensor]) -> None:
    for dtype in {tensor.dtype for tensor in source}:
        pairs = [pair for pair in zip(target, source, strict=True) if pair[0].dtype == dtype]
        torch._foreach_copy_(*map(list, zip(*pairs, strict=True)))  # one call for hundreds of small tensors
