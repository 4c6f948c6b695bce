"""No random numbers for weights that have no memory.

smp builds every encoder of timm a second time on torch's "meta" device, to read its shapes. There torch draws
normal numbers by its Python reference, for which it imports its compiler and sympy: half of the time that it
takes to open a network.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_NAMES = ("normal_", "trunc_normal_", "kaiming_normal_", "xavier_normal_")


class SkipMetaInit(TorchFunctionMode):
    """While it is active, tensors on the meta device are not filled with normal numbers; others are.

    Example:
        >>> with SkipMetaInit():
        ...     torch.empty(2, device="meta").normal_().shape, bool(torch.zeros(2).normal_().any())
        (torch.Size([2]), True)
    """

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Leave out what would fill a meta tensor; call everything else."""
        kwargs = kwargs or {}
        if getattr(function, "__name__", "") in _NAMES:
            tensor = args[0] if args else kwargs.get("tensor")
            if isinstance(tensor, torch.Tensor) and tensor.is_meta:
                return tensor
        return function(*args, **kwargs)
