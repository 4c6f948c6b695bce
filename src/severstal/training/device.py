"""What the machine offers to a training: device, precision, processes that prepare crops."""

import os
from typing import Literal

import torch
from accelerate import Accelerator


def make_accelerator(precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto") -> Accelerator:
    """Open the machine's GPUs, or its CPU where there is none.

    Args:
        precision: of the arithmetic; "auto" takes bf16 where a GPU computes in it, fp16 on an older GPU, fp32
            on a CPU.

    Example:
        >>> make_accelerator("fp32").mixed_precision
        'no'
    """
    if precision == "auto":
        precision = "fp32"
        if torch.cuda.is_available():
            # Before Ampere (8.0) bf16 is only emulated, and slower than fp32.
            precision = "bf16" if torch.cuda.get_device_capability() >= (8, 0) else "fp16"
    return Accelerator(mixed_precision="no" if precision == "fp32" else precision)


def choose_workers(workers: int) -> int:
    """Number of processes that prepare crops: what was asked for, or for -1 what serves this machine.

    Beside a CPU that also trains they would only take its cores away.

    Example:
        >>> choose_workers(3)
        3
    """
    if workers >= 0:
        return workers
    return min(8, os.cpu_count() or 1) if torch.cuda.is_available() else 0
