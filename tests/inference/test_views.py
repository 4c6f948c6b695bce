"""Flips, shifts and scales are undone, and averaged with equal weight."""

from types import SimpleNamespace

import pytest
import torch

from severstal.inference.views import AXES, View, predict_views, views
from severstal.recipe import InferenceSettings


def echo(pictures: torch.Tensor) -> SimpleNamespace:
    return SimpleNamespace(masks=pictures, classes=None)


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("flip", sorted(AXES))
def test_a_flip_and_a_shift_are_undone(flip: str, shift: float) -> None:
    pictures = torch.randn(2, 1, 4, 6)
    same = predict_views(echo, pictures, [View(flip, shift)])
    assert torch.allclose(same.masks, pictures.sigmoid(), atol=1e-6)
    assert same.classes is None


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.5, 2.0])
@pytest.mark.parametrize("flip", sorted(AXES))
def test_a_scale_is_undone_up_to_smoothing(flip: str, scale: float) -> None:
    ramp = torch.linspace(-2, 2, 96).expand(1, 1, 64, 96) + torch.linspace(-1, 1, 64)[:, None]
    same = predict_views(echo, ramp, [View(flip, 0.0, scale)]).masks
    assert same.shape == ramp.shape
    assert (same - ramp.sigmoid()).abs().max() < 0.03


def test_views_are_what_they_say_and_averaged() -> None:
    marked = torch.zeros(1, 1, 2, 4)
    marked[..., 0, 0] = 1
    seen = []

    def network(pictures: torch.Tensor) -> SimpleNamespace:
        seen.append(pictures.nonzero()[0, 2:].tolist())
        given = float(len(seen))
        return SimpleNamespace(masks=torch.full((1, 2, 2, 4), given), classes=torch.full((1, 2), -given))

    shown = [View(), View("horizontal"), View("vertical"), View("both"), View("none", 0.25)]
    mean = predict_views(network, marked, shown)
    assert seen == [[0, 0], [0, 3], [1, 0], [1, 3], [0, 1]]
    expected = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]).sigmoid().mean()
    assert torch.allclose(mean.masks, expected.expand(1, 2, 2, 4))
    assert torch.allclose(mean.classes, (1 - expected).expand(1, 2))


def test_the_network_sees_the_scale() -> None:
    sizes = []

    def network(pictures: torch.Tensor) -> SimpleNamespace:
        sizes.append(tuple(pictures.shape[-2:]))
        return echo(pictures)

    settings = InferenceSettings(flips=("none",), scales=(1.0, 0.5, 1.25))
    predict_views(network, torch.zeros(1, 1, 64, 96), views(settings))
    assert sizes == [(64, 96), (32, 48), (80, 120)]


def test_views_are_every_combination_once() -> None:
    settings = InferenceSettings(flips=("none", "both"), shifts=(0.0, 0.25, 0.5), scales=(1.0, 2.0))
    assert len(set(views(settings))) == len(views(settings)) == 12
    assert views(settings)[0] == View()
