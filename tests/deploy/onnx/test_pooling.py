"""Means of cells against torch's adaptive pooling, over sizes and cells; and networks that are left alone."""

import pytest
import torch
from torch import nn

from severstal.deploy.onnx.pooling import CellMeans, exportable


@pytest.mark.parametrize("size", [(1, 1), (4, 6), (7, 10), (33, 50)])
@pytest.mark.parametrize("cells", [(2, 2), (3, 1), (6, 6)])
def test_means_are_torchs(size: tuple[int, int], cells: tuple[int, int]) -> None:
    values = torch.rand(2, 3, *size)
    assert torch.allclose(CellMeans(cells)(values), nn.AdaptiveAvgPool2d(cells)(values), atol=1e-6)


def test_the_network_itself_is_not_changed() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Sequential(nn.AdaptiveAvgPool2d(3)))
    copied = exportable(network)
    assert isinstance(network[1][0], nn.AdaptiveAvgPool2d)
    assert isinstance(copied[1][0], CellMeans)
    plain = nn.Sequential(nn.Conv2d(1, 2, 1), nn.AdaptiveAvgPool2d(1))
    assert exportable(plain) is plain
