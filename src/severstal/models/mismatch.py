"""The error for an architecture and an encoder that do not go together, and where it may come from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import nn

from severstal.errors import SeverstalError

_LIBRARIES = ("segmentation_models_pytorch", "timm", "torch", "torchvision")


class EncoderMismatch(SeverstalError):
    """An architecture cannot be built on an encoder, or with the options that were given.

    Raised by checks of this package, and for what segmentation-models-pytorch and timm raise in their own
    calls (see `library_call`). A mistake in this package's code is never one: it surfaces as itself.

    Args:
        reason: condition that does not hold.
        repair: what to do instead; None where `build_model` adds the architecture's own advice.

    Example:
        >>> raise EncoderMismatch("its encoder has no patches", "choose a vision transformer")
        Traceback (most recent call last):
        severstal.models.mismatch.EncoderMismatch: its encoder has no patches: choose a vision transformer
    """

    def __init__(self, reason: str, repair: str | None = None) -> None:
        super().__init__(reason if repair is None else f"{reason}: {repair}")
        self.repair = repair


@contextmanager
def library_call() -> Iterator[None]:
    """Raise an `EncoderMismatch` for whatever a library raises inside.

    smp and timm check few of their settings, and raise whatever an impossible one happens to run into. Only
    one call of theirs may stand inside, never code of this package.

    Example:
        >>> with library_call():
        ...     nn.Conv2d(1, 1, -1)
        Traceback (most recent call last):
        severstal.models.mismatch.EncoderMismatch: Trying to create tensor with negative dimension -1: ...
    """
    try:
        yield
    except SeverstalError:
        raise
    except Exception as error:
        raise EncoderMismatch(" ".join(str(error).split())[:200] or type(error).__name__) from error


def is_library_code(function: Callable) -> bool:
    """Return whether a function is defined by smp, timm, torch or torchvision.

    Example:
        >>> import segmentation_models_pytorch as smp
        >>> is_library_code(smp.Unet.__init__), is_library_code(is_library_code)
        (True, False)
    """
    return function.__module__.partition(".")[0] in _LIBRARIES


def runs_library_code(module: nn.Module) -> bool:
    """Return whether a module and all its parts compute by the libraries' code alone.

    Example:
        >>> runs_library_code(nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU()))
        True
    """
    return all(is_library_code(type(part).forward) for part in module.modules())
