from collections.abc import Callable

import pytest
import torch
from torch import Tensor


@pytest.fixture(scope="session")
def steel() -> Callable[..., tuple[Tensor, Tensor]]:
    """Draw noisy steel, brighter to the right, with a dark blob of class 1 and a bright stripe of class 2.

    Masks are (N, 3, H, W): nothing is of class 3.
    """

    def draw(count: int, seed: int, height: int = 96, width: int = 192) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        truth = torch.zeros(count, 3, height, width)
        for number in range(count):
            row = int(torch.randint(16, height - 16, (), generator=generator))
            column = int(torch.randint(16, width // 2 - 16, (), generator=generator))
            left = int(torch.randint(width // 2, width - 20, (), generator=generator))
            truth[number, 0] = (rows - row).square() + (columns - column).square() < 14**2
            truth[number, 1] = (columns >= left) & (columns < left + 14)
        noise = 0.25 * torch.randn(count, 1, height, width, generator=generator)
        grey = noise + torch.linspace(-0.4, 0.4, width)
        return grey - 1.2 * truth[:, :1] + 1.2 * truth[:, 1:2], truth

    return draw
