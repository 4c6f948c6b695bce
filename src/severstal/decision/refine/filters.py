"""Weighted means over the neighbours of each pixel: a Gaussian and a bilateral filter.

The bilateral filter uses a grid of position and brightness (Paris and Durand, "A fast approximation of
the bilateral filter using a signal processing approach", 2006): pixels are splatted into it, it is blurred,
and it is sliced where the pixels are. A grey picture needs three dimensions, where the permutohedral lattice
of Kraehenbuehl and Koltun (2011) serves five. The approximations: splatting and slicing interpolate
linearly between cells of half a deviation, which adds a known variance to the Gaussian that the blur
subtracts; kernels are cut off at four deviations.
"""

from itertools import product

import numpy as np
import torch
from torch.nn.functional import conv1d, pad

_REACH = 4  # standard deviations at which the Gaussian is cut off
_FINENESS = 2  # cells of the grid per standard deviation


class GaussianFilter:
    """Weigh neighbours by their distance alone; exact but for the cut-off tail of the Gaussian.

    Args:
        shape: height and width of the pictures.
        deviation: standard deviation of the weights, in pixels.
        device: torch device that computes it.
    """

    def __init__(self, shape: tuple[int, int], deviation: float, device: torch.device) -> None:
        self._kernel = gaussian_kernel(deviation, device)
        self._share = self._sum(torch.ones(shape, device=device))

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """The weighted mean over the neighbours of each pixel, itself among them: (H, W) float32."""
        return self._sum(values) / self._share

    def _sum(self, values: torch.Tensor) -> torch.Tensor:
        return blur(blur(values, self._kernel, 0), self._kernel, 1)


class BilateralFilter:
    """Weigh neighbours by distance and by difference in brightness.

    Args:
        picture: (H, W) uint8 grey picture.
        distance: standard deviation over distance, in pixels.
        brightness: standard deviation over brightness, in grey levels.
        device: torch device that computes it.

    Example:
        >>> edge = np.uint8([[0, 0, 0, 255, 255, 255]])
        >>> mean = BilateralFilter(edge, distance=3, brightness=20, device=torch.device("cpu"))
        >>> mean(torch.tensor([[0.0, 3.0, 0.0, 8.0, 8.0, 8.0]])).round().tolist()
        [[1.0, 1.0, 1.0, 8.0, 8.0, 8.0]]
    """

    def __init__(self, picture: np.ndarray, distance: float, brightness: float, device: torch.device) -> None:
        height, width = picture.shape
        rows, columns = np.mgrid[:height, :width] / distance
        levels = (picture - float(picture.min())) / brightness
        place = torch.from_numpy(np.stack([rows, columns, levels]).reshape(3, -1) * _FINENESS).to(device)
        below = place.floor().long()
        above = (place - below).to(torch.float32)  # share that goes to the next cell
        self._size = tuple((below.amax(dim=1) + 2).tolist())
        self._shape = (height, width)
        self._cells, self._shares = [], []
        for corner in product((0, 1), repeat=3):
            cells, share = torch.zeros_like(below[0]), torch.ones_like(above[0])
            for axis, step in enumerate(corner):
                cells = cells * self._size[axis] + below[axis] + step
                share = share * (above[axis] if step else 1 - above[axis])
            self._cells.append(cells)
            self._shares.append(share)
        # Linear interpolation adds 1/6 of a squared cell to the variance, once on the way in and once out.
        self._kernel = gaussian_kernel((_FINENESS**2 - 1 / 3) ** 0.5, device)
        self._share = self._sum(torch.ones(self._shape, device=device))

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """The weighted mean over the neighbours of each pixel, itself among them: (H, W) float32."""
        return self._sum(values) / self._share

    def _sum(self, values: torch.Tensor) -> torch.Tensor:
        flat = values.reshape(-1)
        grid = torch.zeros(int(np.prod(self._size)), device=values.device)
        for cells, share in zip(self._cells, self._shares, strict=True):
            grid.index_add_(0, cells, flat * share)
        grid = grid.reshape(self._size)
        for axis in range(3):
            grid = blur(grid, self._kernel, axis)
        grid = grid.reshape(-1)
        parts = zip(self._cells, self._shares, strict=True)
        return sum(grid[cells] * share for cells, share in parts).reshape(self._shape)


def gaussian_kernel(deviation: float, device: torch.device) -> torch.Tensor:
    """Return a Gaussian at whole steps, out to four deviations: (2 n + 1,) float32, 1 in the middle.

    Example:
        >>> [round(weight, 4) for weight in gaussian_kernel(0.5, torch.device("cpu")).tolist()]
        [0.0003, 0.1353, 1.0, 0.1353, 0.0003]
    """
    steps = torch.arange(-int(_REACH * deviation), int(_REACH * deviation) + 1, device=device)
    return torch.exp(-torch.square(steps / deviation) / 2)


def blur(values: torch.Tensor, kernel: torch.Tensor, axis: int) -> torch.Tensor:
    """Convolve with a symmetric kernel along one axis, with zeros beyond the edge."""
    moved = values.movedim(axis, -1)
    rows = pad(moved.reshape(-1, 1, moved.shape[-1]), (len(kernel) // 2,) * 2)
    return conv1d(rows, kernel[None, None]).reshape(moved.shape).movedim(-1, axis)
