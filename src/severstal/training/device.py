"""What the machine offers to a training: device, processes, precision, a compiler."""

import os
import shutil
from typing import Literal

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from timm.layers import convert_sync_batchnorm
from torch import nn

from severstal.errors import SeverstalError
from severstal.models.checkpointing import checkpoint_activations
from severstal.recipe import TrainingSettings

COMPILERS = ("c++", "g++", "clang++", "cl")

Precision = Literal["fp32", "bf16", "fp16"]


def choose_precision(precision: Literal["auto"] | Precision) -> Precision:
    """The precision in which this machine computes where a recipe asks for one.

    Args:
        precision: "auto" is bf16 where a GPU computes in it, fp16 on an older GPU, fp32 on a CPU. No CPU
            computes in fp16: there it is fp32, too.

    Example:
        >>> choose_precision("bf16")
        'bf16'
    """
    gpu = torch.cuda.is_available()
    if precision == "auto" and gpu:
        # Before Ampere (8.0) bf16 is only emulated, and slower than fp32.
        return "bf16" if torch.cuda.get_device_capability() >= (8, 0) else "fp16"
    return "fp32" if precision == "auto" or (precision == "fp16" and not gpu) else precision


def make_accelerator(precision: Literal["auto"] | Precision = "auto") -> Accelerator:
    """Open the GPU, or the CPU where there is none; under torchrun or accelerate this process's own.

    An accelerator serves until one of another precision is opened in the same process.

    Args:
        precision: of the arithmetic, as `choose_precision` has it.

    Example:
        >>> make_accelerator("fp32").mixed_precision
        'no'
    """
    precision = choose_precision(precision)
    AcceleratorState._reset_state()  # else accelerate refuses to open a second one of another precision
    # Left to itself, accelerate takes no notice of the other processes where there is no GPU.
    several_cpus = not torch.cuda.is_available() and "LOCAL_RANK" in os.environ
    return Accelerator(cpu=several_cpus, mixed_precision="no" if precision == "fp32" else precision)


def choose_workers(workers: int) -> int:
    """Number of processes that prepare crops: what was asked for, or for -1 what serves this machine.

    Beside a CPU that also trains they would only take its cores away. The processes that train together on
    one machine share its cores.

    Example:
        >>> choose_workers(3)
        3
    """
    if workers >= 0:
        return workers
    cores = (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return max(1, min(8, cores)) if torch.cuda.is_available() else 0


def place(network: nn.Module, settings: TrainingSettings, accelerator: Accelerator) -> nn.Module:
    """Make a network ready to be trained on this machine.

    Args:
        network: new.
        settings: `channels_last` and `checkpoint_activations`.
        accelerator: its device; with several GPUs, batch normalisation goes over the pictures of all.
    """
    if accelerator.num_processes > 1 and accelerator.device.type == "cuda":
        network = convert_sync_batchnorm(network)  # timm's: torch's own drops its norms' activations
    if settings.checkpoint_activations:
        checkpoint_activations(network)
    if accelerator.device.type == "cuda":
        torch.backends.cudnn.benchmark = True  # all batches of a phase have one shape
    layout = torch.channels_last if settings.channels_last else torch.contiguous_format
    return network.to(accelerator.device).to(memory_format=layout)


def compile_network(network: nn.Module) -> nn.Module:
    """Compile a network by torch.compile, for each shape of batch anew; the weights stay the network's own.

    Raises:
        SeverstalError: there is no C++ compiler on this machine.
    """
    asked = os.environ.get("CXX")
    if not any(shutil.which(name) for name in ([asked] if asked else COMPILERS)):
        raise SeverstalError(
            f"training.compile needs a C++ compiler and there is no {asked or 'g++'} on this machine: "
            "install one, or set training.compile = false"
        )
    return torch.compile(network, dynamic=False)
