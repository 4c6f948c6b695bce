"""Devices that a training may be planned for, and how fast each is beside this machine."""

from dataclasses import dataclass

from severstal.errors import SeverstalError, unknown

REACHED = 0.15
"""Share of the peak that training a convolutional network reaches in mixed precision: an assumption.

ResNet-50 on a T4 takes 24.6 GFLOP per picture; 400 pictures per second, about what is published for it, are
0.15 of 65 TFLOP/s. Larger GPUs reach about as much or a little more.
"""


@dataclass(frozen=True)
class Gpu:
    """A kind of GPU.

    Attributes:
        peak: dense fp16 operations of the tensor cores, in TFLOP/s, by the data sheet.
        count: number of them in the machine.
        refused: why it cannot be used; "" where it can.
    """

    peak: float
    count: int = 1
    refused: str = ""

    @property
    def rate(self) -> float:
        """Multiply-adds per second that a training is assumed to reach on one of them."""
        return REACHED * self.peak * 1e12 / 2


GPUS = {
    "t4": Gpu(65),
    "t4x2": Gpu(65, count=2),
    "p100": Gpu(
        21,
        refused="today's torch has no kernels for its compute capability 6.0: choose the machine with T4",
    ),
    "l4": Gpu(121),
    "v100": Gpu(125),
    "a100": Gpu(312),
    "h100": Gpu(989),
}
"""By name; peaks by NVIDIA's data sheets, without sparsity. `t4x2` is Kaggle's machine with two T4."""


def find_gpu(name: str) -> Gpu:
    """Look a device up.

    Raises:
        SeverstalError: it is unknown, or cannot be used.

    Example:
        >>> find_gpu("t4x2").count
        2
        >>> find_gpu("p100")
        Traceback (most recent call last):
        severstal.errors.SeverstalError: --device p100: today's torch has no kernels for its compute ...
    """
    if name not in GPUS:
        raise unknown("--device", name, GPUS)
    gpu = GPUS[name]
    if gpu.refused:
        raise SeverstalError(f"--device {name}: {gpu.refused}")
    return gpu
