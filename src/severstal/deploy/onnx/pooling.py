"""Adaptive average pooling to a few cells, for pictures of any size, by operations that ONNX has."""

import copy

import torch
from segmentation_models_pytorch.decoders.pspnet.decoder import PSPBlock
from torch import Tensor, nn
from torch.nn import functional


class CellMeans(nn.Module):
    """`nn.AdaptiveAvgPool2d` as two products with a matrix of shares.

    Args:
        cells: rows and columns of the result.

    Example:
        >>> values = torch.rand(2, 3, 7, 10)
        >>> torch.allclose(CellMeans((3, 4))(values), nn.AdaptiveAvgPool2d((3, 4))(values), atol=1e-6)
        True
    """

    def __init__(self, cells: tuple[int, int]) -> None:
        super().__init__()
        self.cells = cells

    def forward(self, values: Tensor) -> Tensor:
        """(N, C, rows, columns) of (N, C, H, W)."""
        rows, columns = (_shares(values.shape[axis], self.cells[axis]) for axis in (-2, -1))
        return rows @ values @ columns.transpose(0, 1)


class PyramidLevel(nn.Module):
    """smp's `PSPBlock` as it computes outside of an export, where it would take a pooling that fails.

    Args:
        pool: pooling and convolution of the level.
    """

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, values: Tensor) -> Tensor:
        """(N, C, H, W) of the same height and width."""
        shape = values.shape[-2], values.shape[-1]
        return functional.interpolate(self.pool(values), shape, mode="bilinear", align_corners=True)


def exportable(network: nn.Module) -> nn.Module:
    """The network, or a copy of it in which the poolings that no exporter takes are replaced.

    Example:
        >>> network = nn.Sequential(nn.AdaptiveAvgPool2d(6), nn.AdaptiveAvgPool2d(1))
        >>> [type(layer).__name__ for layer in exportable(network)]
        ['CellMeans', 'AdaptiveAvgPool2d']
    """
    if not any(_is_hard(module) for module in network.modules()):
        return network
    network = copy.deepcopy(network)
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, PSPBlock):
                setattr(module, name, PyramidLevel(child.pool))
            elif _is_hard(child):
                size = child.output_size
                setattr(module, name, CellMeans((size, size) if isinstance(size, int) else tuple(size)))
    return network


def _is_hard(module: nn.Module) -> bool:
    """Whether a module pools to more than one cell, which depends on the size of its input."""
    if not isinstance(module, nn.AdaptiveAvgPool2d):
        return False
    size = module.output_size
    sizes = (size, size) if isinstance(size, int) else tuple(size)
    return None not in sizes and sizes != (1, 1)


def _shares(length: int, cells: int) -> Tensor:
    """(cells, length) float32: the weight of each place in the mean of each cell."""
    cell, place = torch.arange(cells)[:, None], torch.arange(length)[None]
    first = cell * length // cells
    last = ((cell + 1) * length + cells - 1) // cells  # exclusive
    inside = (place >= first) & (place < last)
    return inside.float() / (last - first).float()
