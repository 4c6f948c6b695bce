"""The device, the precision and the number of worker processes that suit this machine."""

import os
from typing import Literal

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from severstal.threads import available_cores

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


def make_accelerator(precision: Literal["auto"] | Precision = "auto") -> Accelerator:
    """Open the GPU, or the CPU where there is none; under torchrun or accelerate, this process's own GPU.

    An accelerator is valid until one of another precision is opened in the same process.

    Args:
        precision: precision of the arithmetic, as for `choose_precision`.

    Example:
        >>> make_accelerator("fp32").mixed_precision
        'no'
    """
    precision = choose_precision(precision)
    AcceleratorState._reset_state()  # else accelerate refuses to open a second one of another precision
    # Left to itself, accelerate ignores the other processes where there is no GPU.
    several_cpus = not torch.cuda.is_available() and "LOCAL_RANK" in os.environ
    return Accelerator(cpu=several_cpus, mixed_precision="no" if precision == "fp32" else precision)


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
