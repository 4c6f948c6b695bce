"""Prepares a network for this machine: device, memory layout, activation checkpointing, compilation."""

import os
import shutil

import torch
from accelerate import Accelerator
from timm.layers import convert_sync_batchnorm
from torch import nn

from severstal.errors import SeverstalError
from severstal.models.checkpointing import checkpoint_activations
from severstal.recipe import TrainingSettings

_COMPILERS = ("c++", "g++", "clang++", "cl")


def place_network(network: nn.Module, settings: TrainingSettings, accelerator: Accelerator) -> nn.Module:
    """Move a network to the device and prepare it for training there.

    Args:
        network: newly built.
        settings: `channels_last` and `checkpoint_activations`.
        accelerator: device of the training; with several GPUs, batch normalisation is synchronised
            (SyncBatchNorm).
    """
    if accelerator.num_processes > 1 and accelerator.device.type == "cuda":
        network = convert_sync_batchnorm(network)  # timm's: torch's drops the activations of timm's norms
    if settings.checkpoint_activations:
        checkpoint_activations(network)
    if accelerator.device.type == "cuda":
        torch.backends.cudnn.benchmark = True  # all batches of a phase have one shape
    layout = torch.channels_last if settings.channels_last else torch.contiguous_format
    return network.to(accelerator.device).to(memory_format=layout)


def compile_network(network: nn.Module) -> nn.Module:
    """Compile a network by torch.compile, once per shape of batch; it shares the weights of the network.

    Raises:
        SeverstalError: there is no C++ compiler on this machine.
    """
    asked = os.environ.get("CXX")
    if not any(shutil.which(name) for name in ([asked] if asked else _COMPILERS)):
        raise SeverstalError(
            f"training.compile needs a C++ compiler and there is no {asked or 'g++'} on this machine: "
            "install one, or set training.compile = false"
        )
    return torch.compile(network, dynamic=False)
