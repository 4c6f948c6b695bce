"""Flips are undone, and averaged with equal weight."""

from types import SimpleNamespace

import pytest
import torch

from severstal.inference.tta import AXES, predict_flipped


@pytest.mark.parametrize("flip", sorted(AXES))
def test_a_flip_is_undone(flip: str) -> None:
    pictures = torch.randn(2, 1, 4, 6)
    same = predict_flipped(lambda x: SimpleNamespace(masks=x), pictures, [flip])
    assert torch.allclose(same, pictures.sigmoid(), atol=1e-6)


def test_views_are_what_they_say_and_averaged() -> None:
    marked = torch.zeros(1, 1, 2, 3)
    marked[..., 0, 0] = 1
    seen = []

    def network(pictures: torch.Tensor) -> SimpleNamespace:
        seen.append(pictures.nonzero()[0, 2:].tolist())
        return SimpleNamespace(masks=torch.full((1, 2, 2, 3), float(len(seen))))

    mean = predict_flipped(network, marked, ["none", "horizontal", "vertical", "both"])
    assert seen == [[0, 0], [0, 2], [1, 0], [1, 2]]
    expected = torch.tensor([1.0, 2.0, 3.0, 4.0]).sigmoid().mean()
    assert torch.allclose(mean, expected.expand(1, 2, 2, 3))
