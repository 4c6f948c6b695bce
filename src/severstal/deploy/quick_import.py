"""Importing and building networks in less time: without torch's compiler, and without garbage collection.

timm and torchvision import `torch._dynamo` for two small functions, and with it sympy, the inductor and some
800 modules: 1.6 of 3.9 seconds of processor time. While the networks' modules are imported, a stand-in takes
its place; afterwards the compiler is imported as ever by whoever asks for it.

Imports and the building of networks make some 100,000 objects that stay. The garbage collector goes through
them again and again and finds nothing to free: 0.4 of 3.2 seconds. It is paused meanwhile.
"""

import functools
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_COMPILER, _UTILITIES = "torch._dynamo", "torch._dynamo.utils"


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Pause Python's cyclic garbage collector in the block; where it was off before, it stays off.

    Example:
        >>> with without_garbage_collection():
        ...     gc.isenabled()
        False
        >>> gc.isenabled()
        True
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def without_compiler() -> Iterator[None]:
    """Import modules in the block without `torch._dynamo`; where it is there already, nothing changes.

    Example:
        >>> with without_compiler():
        ...     import timm
        >>> sys.modules.get("torch._dynamo") is None or hasattr(sys.modules["torch._dynamo"], "optimize")
        True
    """
    if _COMPILER in sys.modules:
        yield
        return
    compiler, utilities = ModuleType(_COMPILER), ModuleType(_UTILITIES)
    compiler.__path__ = []
    compiler.disable, compiler.utils = _disable, utilities
    utilities.is_compile_supported = _is_compile_supported
    sys.modules[_COMPILER], sys.modules[_UTILITIES] = compiler, utilities
    try:
        yield
    finally:
        for name, module in ((_COMPILER, compiler), (_UTILITIES, utilities)):
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _disable(function: Callable | None = None, recursive: bool = True, **settings: Any) -> Any:
    """Do what `torch._dynamo.disable` does, once there is a compiler to keep out."""
    if function is None:
        return functools.partial(_disable, recursive=recursive, **settings)

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        if _COMPILER not in sys.modules:
            return function(*arguments, **named)
        return sys.modules[_COMPILER].disable(function, recursive, **settings)(*arguments, **named)

    return call


def _is_compile_supported(device_type: str) -> bool:
    from torch._dynamo.utils import is_compile_supported

    return is_compile_supported(device_type)
