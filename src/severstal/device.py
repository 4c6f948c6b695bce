"""The device, the precision and the number of worker processes that suit this machine."""

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from severstal.errors import SeverstalError
from severstal.threads import available_cores

if TYPE_CHECKING:
    from accelerate import Accelerator

Precision = Literal["fp32", "bf16", "fp16"]


def choose_precision(precision: Literal["auto"] | Precision) -> Precision:
    """The precision in which this machine computes for a recipe's setting.

    Args:
        precision: "auto" is bf16 on a GPU that supports it, fp16 on an older GPU, fp32 on a CPU. On a CPU
            "fp16" is fp32 too, since no CPU computes in fp16.

    Example:
        >>> choose_precision("bf16")
        'bf16'
    """
    gpu = torch.cuda.is_available()
    if precision == "auto" and gpu:
        # Before Ampere (compute capability 8.0) bf16 is only emulated, and slower than fp32.
        return "bf16" if torch.cuda.get_device_capability() >= (8, 0) else "fp16"
    return "fp32" if precision == "auto" or (precision == "fp16" and not gpu) else precision


def make_accelerator(precision: Literal["auto"] | Precision = "auto") -> "Accelerator":
    """Open the GPU, or the CPU where there is none; under torchrun or accelerate, this process's own GPU.

    An accelerator is valid until one of another precision is opened in the same process.

    Args:
        precision: precision of the arithmetic, as for `choose_precision`.

    Example:
        >>> make_accelerator("fp32").mixed_precision
        'no'
    """
    from accelerate import Accelerator  # here, since a predictor does without and opens sooner so
    from accelerate.state import AcceleratorState

    precision = choose_precision(precision)
    AcceleratorState._reset_state()  # else accelerate refuses to open a second one of another precision
    # Left to itself, accelerate ignores the other processes where there is no GPU.
    several_cpus = not torch.cuda.is_available() and "LOCAL_RANK" in os.environ
    return Accelerator(cpu=several_cpus, mixed_precision="no" if precision == "fp32" else precision)


@dataclass(frozen=True)
class InferenceDevice:
    """A device and a precision for networks that are not trained; several may be in use at once.

    Attributes:
        device: where the networks are.
        precision: that they compute in.

    Example:
        >>> with InferenceDevice(torch.device("cpu"), "fp32").autocast():
        ...     torch.ones(1, 1).mm(torch.ones(1, 1)).dtype
        torch.float32
    """

    device: torch.device
    precision: Precision

    def autocast(self) -> AbstractContextManager:
        """A context in which torch computes in this precision where that suffices."""
        if self.precision == "fp32":
            return nullcontext()
        kind = torch.bfloat16 if self.precision == "bf16" else torch.float16
        return torch.autocast(self.device.type, kind)


def choose_device(name: str | None, precision: Literal["auto"] | Precision = "auto") -> InferenceDevice:
    """The device of that name, or the GPU where there is one.

    Args:
        name: as torch has it, such as "cpu", "cuda" or "cuda:1"; None takes the GPU, or else the CPU.
        precision: as in `choose_precision`; on a CPU anything but "bf16" is fp32.

    Raises:
        SeverstalError: torch knows no such device, or this machine has none.

    Example:
        >>> choose_device("cpu")
        InferenceDevice(device=device(type='cpu'), precision='fp32')
        >>> choose_device("gpu")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: device 'gpu' is not usable (...): take cpu, or cuda ...
    """
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise SeverstalError(
            f"device {name!r} is not usable ({reason}): take cpu, or cuda where there is a GPU"
        ) from error
    if device.type != "cuda":
        return InferenceDevice(device, "bf16" if precision == "bf16" else "fp32")
    return InferenceDevice(device, choose_precision(precision))


def choose_workers(workers: int) -> int:
    """Number of worker processes that load crops: as set, or for -1 what suits this machine.

    On a CPU that also trains they would only compete for its cores: 0. The processes that train together on
    one machine share its cores.

    Example:
        >>> choose_workers(3)
        3
    """
    if workers >= 0:
        return workers
    cores = available_cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return max(1, min(8, cores)) if torch.cuda.is_available() else 0
