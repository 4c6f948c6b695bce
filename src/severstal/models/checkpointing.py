"""Activation checkpointing: an encoder's activations are recomputed in the backward pass, not kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from severstal.models.network import encoder_of

CONTAINERS = (nn.Sequential, nn.ModuleList)
WEIGHTED = (nn.Conv2d, nn.Linear)


def checkpoint_activations(network: nn.Module) -> None:
    """Keep only the input of each block of a network's encoder, and recompute the rest in the backward pass.

    Outputs and gradients stay the same, dropout and dropped paths included; a training step takes about a
    third longer, and the encoder's activations a fraction of the memory (Chen 2016). Running statistics of
    batch normalisation are updated once per batch; timm's own `set_grad_checkpointing` updates them twice.

    Args:
        network: network from `build_model`, changed in place; the names of its weights stay the same.

    Example:
        >>> from severstal.models.registry import build_model
        >>> network = build_model("unet", "tu-test_resnet")
        >>> checkpoint_activations(network)
        >>> network(torch.randn(2, 1, 64, 64)).masks.mean().backward()
    """
    encoder = encoder_of(network)
    if encoder is None:
        return
    # An encoder without blocks, such as a VGG, is one itself.
    for block in list(_blocks(encoder)) or [encoder]:
        norms = [module for module in block.modules() if isinstance(module, _BatchNorm)]
        block.forward = partial(_run, block.forward, norms)


def _run(forward: Callable, norms: list[_BatchNorm], *args: Any, **kwargs: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*args, **kwargs)
    if torch.compiler.is_compiling():  # a graph updates its buffers once, even where it recomputes
        return checkpoint(forward, *args, use_reentrant=False, **kwargs)
    return checkpoint(
        forward,
        *args,
        use_reentrant=False,
        context_fn=lambda: (nullcontext(), _keep_statistics(norms)),
        **kwargs,
    )


@contextmanager
def _keep_statistics(norms: list[_BatchNorm]) -> Iterator[None]:
    """Keep running statistics and counts unchanged inside."""
    before = [(norm, norm.momentum, norm.num_batches_tracked) for norm in norms]
    try:
        for norm in norms:
            norm.momentum, norm.num_batches_tracked = 0.0, None
        yield
    finally:
        for norm, momentum, count in before:
            norm.momentum, norm.num_batches_tracked = momentum, count


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    """The outermost members of lists of layers that hold several layers with weights."""
    for child in module.children():
        weighted = sum(isinstance(part, WEIGHTED) for part in child.modules())
        if isinstance(module, CONTAINERS) and not isinstance(child, CONTAINERS) and weighted > 1:
            yield child
        else:
            yield from _blocks(child)
