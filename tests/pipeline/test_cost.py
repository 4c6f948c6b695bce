"""What networks cost, against counts by hand and against torch's own."""

import pytest
import torch
from torch import nn

from severstal.models.registry import build_model
from severstal.pipeline.cost import count_kept_bytes, count_multiply_adds


def test_multiply_adds_of_layers_by_hand() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),  # 8 x 10 places of 27 products for 8 channels
        nn.ReLU(),
        nn.Conv2d(8, 8, 5, padding=2, groups=8),  # 25 products
        nn.Conv2d(8, 2, 1),
    )
    places = 8 * 10
    assert count_multiply_adds(network, torch.zeros(2, 3, 16, 20)) == 2 * places * (8 * 27 + 8 * 25 + 2 * 8)


class Attention(nn.Module):
    """Every pixel looks at every pixel."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        tokens = pictures.flatten(2).transpose(1, 2)  # (N, H * W, channels)
        return nn.functional.scaled_dot_product_attention(tokens, tokens, tokens)


def test_attention_counts() -> None:
    assert count_multiply_adds(Attention(), torch.zeros(1, 8, 3, 4)) == 2 * 12 * 12 * 8


def test_kept_bytes_grow_with_the_batch_and_not_with_the_weights() -> None:
    network = build_model("unet", "tu-test_resnet")

    def kept(count: int) -> int:
        return count_kept_bytes(network, lambda: network(torch.zeros(count, 1, 64, 64)).masks.square().mean())

    two, four = kept(2), kept(4)
    assert two > 1_000_000
    assert four == pytest.approx(2 * two, rel=0.02)


def test_what_is_kept_twice_counts_once() -> None:
    values = torch.ones(100, requires_grad=True)
    assert count_kept_bytes(nn.Identity(), lambda: (values.exp() * 1).square().sum()) <= 3 * 400
